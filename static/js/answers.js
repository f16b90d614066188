// What may be said beside a grade: that a side cannot be assessed, and a comment.
"use strict";
