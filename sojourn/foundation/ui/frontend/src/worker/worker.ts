// What the portal's service worker takes in with importScripts.
import { Pages } from "./pages";

(globalThis as unknown as { Pages: typeof Pages }).Pages = Pages;
