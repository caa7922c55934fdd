import { testProducts } from "./product-cases.ts";

testProducts();
