// Writes THIRD_PARTY_LICENSES.txt: every package that has a module in the built files, with its licence text.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice|third-?party-?notices)([-.].*)?$/i;

// Packages published without their licence's text, and the package of the same authors that has it.
const SAME_REPOSITORY = {
  '@graphiql/plugin-doc-explorer': 'graphiql',
  '@graphiql/plugin-explorer': 'graphiql',
  '@graphiql/plugin-history': 'graphiql',
  'react-compiler-runtime': 'react',
  'react-remove-scroll-bar': 'react-remove-scroll',
};
const MODULES = `${sep}node_modules${sep}`;

/** The directory of the package that a module belongs to, or null for our own modules. */
function packageOf(id) {
  const path = id.replace(/^\0+/, '').split('?')[0];
  if (!path.includes(MODULES)) return null;
  for (let at = dirname(path); at.includes(MODULES); at = dirname(at)) {
    const manifest = join(at, 'package.json');
    if (existsSync(manifest)) {
      const { name, version } = JSON.parse(readFileSync(manifest, 'utf8'));
      if (name && version) return at;
    }
  }
  return null;
}

function section(here, directory) {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const licence = manifest.license ?? 'unknown';
  const texts = readdirSync(directory)
    .filter((name) => LICENCE_FILE.test(name))
    .sort()
    .map((name) => readFileSync(join(directory, name), 'utf8'));
  if (texts.length === 0) {
    const sibling = SAME_REPOSITORY[manifest.name];
    const kept = sibling && join(here, 'node_modules', sibling, 'LICENSE');
    if (!kept || !existsSync(kept)) throw new Error(`${manifest.name} (${licence}) brings no licence text: see licenses.js`);
    texts.push(readFileSync(kept, 'utf8'));
  }
  return { title: `${manifest.name} ${manifest.version} (${licence})`, text: texts.map(tidy).join('\n\n') };
}

function tidy(text) {
  return text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n').replace(/[ \t]+$/gm, '').trim();
}

export function thirdPartyLicenses(here) {
  const packages = new Set();
  const collect = (bundle) => {
    for (const chunk of Object.values(bundle)) {
      for (const id of chunk.moduleIds ?? []) {
        const found = packageOf(id);
        if (found) packages.add(found);
      }
    }
  };
  const worker = { name: 'kgraph:licenses-of-workers', generateBundle: (_options, bundle) => collect(bundle) };
  const main = {
    name: 'kgraph:licenses',
    generateBundle(_options, bundle) {
      collect(bundle);
      const sections = [...packages].map((directory) => section(here, directory));
      const fonts = join(here, 'font-licences');
      for (const name of readdirSync(fonts).sort()) {
        sections.push({ title: name.replace(/\.txt$/, ''), text: tidy(readFileSync(join(fonts, name), 'utf8')) });
      }
      const unique = new Map(sections.map(({ title, text }) => [title, text]));
      const rule = '='.repeat(80);
      const ordered = [...unique].sort(([a], [b]) => (a < b ? -1 : 1));
      const body = ordered.map(([title, text]) => `${rule}\n${title}\n${rule}\n\n${text}\n`).join('\n');
      this.emitFile({
        type: 'asset',
        fileName: 'THIRD_PARTY_LICENSES.txt',
        source: `The GraphiQL page contains code and fonts from the following packages.\n\n${body}`,
      });
    },
  };
  return { main, worker };
}
