// Writes FILE.br and FILE.gz beside every file of a folder that gets smaller by it, so that the server never compresses anything.
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const compressible = /\.(html|js|mjs|css|json|svg|txt|webmanifest|wasm|map)$/;

for (const name of readdirSync(process.argv[2], { recursive: true })) {
  const path = join(process.argv[2], name);
  if (!compressible.test(name) || !statSync(path).isFile()) continue;
  const plain = readFileSync(path);
  const smaller = {
    br: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } }),
    gz: gzipSync(plain, { level: 9 }),
  };
  for (const [suffix, bytes] of Object.entries(smaller)) if (bytes.length < plain.length * 0.95) writeFileSync(`${path}.${suffix}`, bytes);
}
