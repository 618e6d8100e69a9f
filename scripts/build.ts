// `bun run build`: one standalone executable. The two --no-compile-autoload flags keep it from reading .env and
// bunfig.toml of whatever folder it is started in.
import { statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')

export const executable = join(root, 'dist/sipkeeper')

/** The version stands in package.json, which is part of what is bundled. */
export const buildCommand = [
  process.execPath,
  'build',
  ...['--compile', '--production', '--bytecode', '--minify', '--format=esm'],
  ...['--no-compile-autoload-bunfig', '--no-compile-autoload-dotenv'],
  join(root, 'src/main.ts'),
  '--outfile',
  executable,
]

/** Builds on this terminal; resolves to the exit code. */
export const build = (): Promise<number> =>
  Bun.spawn(buildCommand, { cwd: root, stdout: 'inherit', stderr: 'inherit' }).exited

if (import.meta.main) {
  process.exitCode = await build()
  if (process.exitCode === 0) process.stdout.write(`${executable}: ${Math.round(statSync(executable).size / 1e6)} MB\n`)
}
