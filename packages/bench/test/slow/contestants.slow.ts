import { testContestants } from "../every-contestant.ts";

testContestants("the others");
