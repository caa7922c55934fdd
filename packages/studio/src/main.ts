import "./style/fonts.css";
import "./style/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { applyTheme } from "./theme.svelte.ts";

applyTheme();
mount(App, { target: document.getElementById("studio")! });
