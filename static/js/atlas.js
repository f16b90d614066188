// Examples of the grades, one key away.
"use strict";
