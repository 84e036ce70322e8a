/**
 * How the window's code is bundled: plain files only, so that it runs under a policy that allows neither inline
 * scripts nor inline styles.
 */
import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root: here,
  base: './',
  plugins: [react()],
  build: {
    // The oldest Chromium it must run on; bounds the CSS in use as well.
    target: 'chrome130',
    outDir: fileURLToPath(new URL('../dist/renderer', import.meta.url)),
    emptyOutDir: true,
    // SECURITY: fonts and scripts are files; the content security policy allows no data: or inline ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
  },
});
