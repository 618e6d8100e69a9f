// Runs while bundling (import with { type: 'macro' }): the templates become literals of the executable.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** File name → text. */
export const loadTemplates = (): Record<string, string> => {
  const folder = join(import.meta.dir, 'templates')
  const names = readdirSync(folder).filter((name) => /\.(?:txt|html)$/.test(name))
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}
