// Builds the page into dist/, which is committed and embedded in the executable. The output must
// be the same bytes on every machine: content hashes as names, no source maps, nothing inlined.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    sourcemap: false,
    // A data: URI would need a wider content security policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { '/api': { target: 'http://localhost:8080', ws: true }, '/v1': 'http://localhost:8080' },
  },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
