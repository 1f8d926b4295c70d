import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// No inlined assets and no inlined scripts: the page's content policy allows none.
export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
