import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasProgram } from './executable.ts'

const HEADER = '/usr/include/linphone/core.h'

/** Whether programs that use Debian's liblinphone can be built here; as `hasProgram`. */
export const canBuildClients = (): boolean => {
  if (!hasProgram('cc')) return false
  if (existsSync(HEADER)) return true
  if (process.env.CI === 'true') throw new Error(`${HEADER} is missing; CI installs liblinphone-dev`)
  process.stdout.write('skipped: liblinphone-dev is not installed\n')
  return false
}

/** Builds a C program on liblinphone in a folder, which is its home, and runs it to its end. */
export const runClient = async (source: string, folder: string, args: string[]) => {
  const program = join(folder, 'client')
  const built = Bun.spawnSync(['cc', '-o', program, source, '-llinphone'])
  if (built.exitCode !== 0) throw new Error(built.stderr.toString())
  // Without this folder the core never starts.
  mkdirSync(join(folder, '.local/share/linphone'), { recursive: true })
  const child = Bun.spawn([program, ...args], {
    env: { HOME: folder, PATH: process.env.PATH ?? '' },
    stdout: 'pipe',
    stderr: 'ignore',
  })
  const output = await new Response(child.stdout).text()
  return { code: await child.exited, output }
}

/** What a section of an rc file says; null: nothing. */
export const entry = (rc: string, section: string, key: string): string | null => {
  const body = rc.split(`[${section}]\n`)[1]?.split(/^\[/m)[0] ?? ''
  return new RegExp(`^${key}=(.*)$`, 'm').exec(body)?.[1] ?? null
}

/** Debian's Linphone as a phone: an rc file, and the client that reads and writes it at every start. */
export const linphone = (rcText = '[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\n') => {
  const home = mkdtempSync(join(tmpdir(), 'sipkeeper-linphone-'))
  // Without this folder the core never starts.
  mkdirSync(join(home, '.local/share/linphone'), { recursive: true })
  const rc = join(home, 'linphonerc')
  writeFileSync(rc, rcText)
  const held = () => readFileSync(rc, 'utf8')

  /**
   * Starts it, on `url` if one is given, asks it for its accounts until `isDone` says that it has seen enough of the rc
   * file, and quits: what it printed, and the file afterwards.
   */
  const start = async (isDone: (rc: string) => boolean, url: string | null = null) => {
    if (url !== null) {
      writeFileSync(rc, `${held().replace(/^config-uri=.*\n/gm, '')}\n[misc]\nconfig-uri=${url}\n`)
    }
    const child = Bun.spawn(['linphonec', '-c', rc], {
      env: { HOME: home, PATH: process.env.PATH ?? '' },
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'ignore',
    })
    let output = ''
    const reading = (async () => {
      const decoder = new TextDecoder()
      for await (const chunk of child.stdout as unknown as AsyncIterable<Uint8Array>) output += decoder.decode(chunk)
    })()
    const deadline = Date.now() + 15_000
    while (!isDone(held()) && Date.now() < deadline) {
      await Bun.sleep(200)
      child.stdin.write('proxy list\n')
      child.stdin.flush()
    }
    child.stdin.write('proxy list\nquit\n')
    child.stdin.end()
    const killer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await child.exited
    clearTimeout(killer)
    await reading
    return { output, rc: held() }
  }

  return { start, rc: held, remove: () => rmSync(home, { recursive: true, force: true }) }
}
