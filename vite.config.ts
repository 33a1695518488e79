import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The dev server puts style sheets into the page as text; the built page, which has none, forbids that. */
const allowInjectedStyles: Plugin = {
  name: 'allow-injected-styles',
  apply: 'serve',
  transformIndexHtml: (html) => html.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
};

/** The page in app/: `npm start` serves it, `npm run build:page` makes app/dist, which any static host can serve. */
export default defineConfig({
  root: here('app'),
  base: './',
  plugins: [allowInjectedStyles],
  server: { host: 'localhost', fs: { allow: [here('.')] } },
  // Found only when the page asks for it, it would make the dev server load the page twice.
  optimizeDeps: { include: ['lit-html'] },
  // The engine's thread is a blob, which has no place to fetch chunks from; and whatever a person drops after the page
  // has loaded, it makes no request. So this one page, which takes every family, carries them all.
  worker: { format: 'es', rolldownOptions: { output: { codeSplitting: false } } },
  build: {
    outDir: here('app/dist'),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
  },
});
