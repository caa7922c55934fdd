import { testContestants } from "./every-contestant.ts";

testContestants("some");
