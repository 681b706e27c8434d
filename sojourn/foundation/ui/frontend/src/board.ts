// The entry of pages in the board's layout. The session board brings its readings as #board-data; the gallery's
// picture of it has only strips.
import { attachStrips } from "./charts";

if (document.getElementById("board-data")) void import("./session-board");
else attachStrips(document);
