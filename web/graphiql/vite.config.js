import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { thirdPartyLicenses } from './licenses.js';

const here = dirname(fileURLToPath(import.meta.url));
const licenses = thirdPartyLicenses(here);

// graphiql/style.css already contains the editor's own style sheets: do not ship them twice.
const editorStylesOnce = {
  name: 'kgraph:editor-styles-once',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source.endsWith('.css') && /[\\/]monaco-editor[\\/]/.test(importer ?? '') ? '\0kgraph:no-style' : null,
  load: (id) => (id === '\0kgraph:no-style' ? { code: 'export {}', moduleSideEffects: false } : null),
};

// Fonts come as data: addresses inside graphiql/style.css. As files they are fetched only when a
// page needs them, and a Content-Security-Policy needs no `font-src data:`.
const fontsAsFiles = {
  name: 'kgraph:fonts-as-files',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'asset' || !file.fileName.endsWith('.css')) continue;
      file.source = String(file.source).replace(
        /url\((["']?)data:font\/(\w+);base64,([A-Za-z0-9+/=]+)\1\)/g,
        (_match, _quote, kind, base64) => {
          const source = Buffer.from(base64, 'base64');
          const hash = createHash('sha256').update(source).digest('hex').slice(0, 8);
          this.emitFile({ type: 'asset', fileName: `assets/fonts/${hash}.${kind}`, source });
          return `url(fonts/${hash}.${kind})`;
        },
      );
    }
  },
};

export default defineConfig({
  root: here,
  base: '/static/graphiql/',
  plugins: [editorStylesOnce, fontsAsFiles, licenses.main],
  // graphql asks for its production build in this way, in pages and workers.
  define: { 'globalThis.process': '({ env: { NODE_ENV: "production" } })' },
  worker: { format: 'es', plugins: () => [licenses.worker] },
  build: {
    outDir: '../../kgraph/api/static/graphiql',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 5000,
    reportCompressedSize: false,
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
