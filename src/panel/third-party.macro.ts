// Runs while bundling (import with { type: 'macro' }): the list becomes a literal of the executable.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Component {
  readonly name: string
  readonly version: string
  /** SPDX, as the component itself says it. */
  readonly license: string
  readonly url: string | null
  /** Which of the licence texts are its own. */
  readonly texts: readonly number[]
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string | { readonly type?: string }
  readonly licenses?: readonly { readonly type?: string }[]
  readonly homepage?: string
  readonly repository?: string | { readonly url?: string }
  readonly dependencies?: Readonly<Record<string, string>>
}

const root = join(import.meta.dir, '../..')

const read = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** Where a package finds another one, as Node looks for it; null: an optional one that is not installed. */
const resolve = (from: string, name: string): string | null => {
  for (let folder = from; folder.startsWith(root); folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name)
    if (existsSync(join(found, 'package.json'))) return found
  }
  return null
}

const licenseOf = ({ license, licenses }: Manifest): string => {
  if (typeof license === 'string') return license
  const types = [license, ...(licenses ?? [])].flatMap((one) => one?.type ?? [])
  return types.length === 0 ? 'see its text' : types.join(' OR ')
}

const urlOf = ({ homepage, repository }: Manifest): string | null => {
  const written = homepage ?? (typeof repository === 'string' ? repository : repository?.url) ?? ''
  const url = written
    .replace(/^git\+/, '')
    .replace(/^(?:git|ssh):\/\/(?:git@)?/, 'https://')
    .replace(/^git@github\.com:/, 'https://github.com/')
    .replace(/^(?:github:)?([\w.-]+\/[\w.-]+)$/, 'https://github.com/$1')
    .replace(/\.git$/, '')
  return /^https?:\/\//.test(url) ? url : null
}

const isLicense = (name: string): boolean => /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i.test(name)

/** Everything that the executable may contain, by name: what `dependencies` of package.json bring, all the way down. */
export const loadComponents = (): { components: Component[]; texts: string[] } => {
  const texts: string[] = []
  const keep = (text: string): number => {
    const known = texts.indexOf(text)
    return known < 0 ? texts.push(text) - 1 : known
  }
  const seen = new Map<string, Component>()
  const exchange = (folder: string): void => {
    const manifest = read(folder)
    const { name, version } = manifest
    if (seen.has(`${name} ${version}`)) return
    const files = readdirSync(folder).filter(isLicense).sort()
    const own = files.map((file) => keep(readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()))
    seen.set(`${name} ${version}`, {
      name,
      version,
      license: licenseOf(manifest),
      url: urlOf(manifest),
      texts: [...new Set(own)],
    })
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      const found = resolve(folder, dependency)
      if (found !== null) exchange(found)
    }
  }
  // Drawn and set by others too, and copied into this repository.
  const assets = join(root, 'src/panel/assets')
  const copied = [
    ['hanken-grotesk', '3.013', 'OFL-1.1', 'https://github.com/marcologous/hanken-grotesk', 'fonts/OFL.txt'],
    ['lucide', '1.62.0', 'ISC AND MIT', 'https://lucide.dev', 'lucide-license.txt'],
  ] as const
  for (const [name, version, license, url, file] of copied) {
    seen.set(name, { name, version, license, url, texts: [keep(readFileSync(join(assets, file), 'utf8').trim())] })
  }
  seen.set('bun', { name: 'bun', version: Bun.version, license: 'MIT', url: 'https://bun.sh', texts: [] })
  for (const name of Object.keys(read(root).dependencies ?? {})) {
    const found = resolve(root, name)
    if (found !== null) exchange(found)
  }
  const components = [...seen.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { components, texts }
}
