/** Before a test file that computes: most of its time is that of tracing and compiling, and much of that is hashing. */

import { makeJaxpr } from "@jax-js/jax";
import { installFastHashing } from "@softdraw/threads";

installFastHashing({ makeJaxpr });
