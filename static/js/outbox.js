// Answers that are confirmed are kept in this browser until the server has them.
"use strict";
