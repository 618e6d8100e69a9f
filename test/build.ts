// `bun run build`: one standalone executable. The two --no-compile-autoload flags keep it from reading .env and
// bunfig.toml of whatever folder it is started in.
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')

export const executable = join(root, 'dist/sipkeeper')

export const build = async (): Promise<number> => {
  mkdirSync(join(root, 'dist'), { recursive: true })
  const options = ['--compile', '--production', '--bytecode', '--minify', '--format=esm']
  const closed = ['--no-compile-autoload-bunfig', '--no-compile-autoload-dotenv']
  const child = Bun.spawn([process.execPath, 'build', ...options, ...closed, 'src/main.ts', '--outfile', executable], {
    cwd: root,
    stdout: 'inherit',
    stderr: 'inherit',
  })
  return child.exited
}

if (import.meta.main) {
  process.exitCode = await build()
  if (process.exitCode === 0) process.stdout.write(`${executable}: ${Math.round(statSync(executable).size / 1e6)} MB\n`)
}
