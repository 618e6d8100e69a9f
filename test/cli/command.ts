import { copyFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresUrl } from '../support/database.ts'
import {
  type Finished,
  type Installation,
  installation,
  type Running,
  serve as serveWith,
} from '../support/executable.ts'
import { type OtherConnection, otherConnection } from '../support/other-connection.ts'

const source = join(import.meta.dir, '../../src/main.ts')

/** `src/main.ts` with all that it imports in one file: a third of the time of every start goes into finding it. */
const bundled = async (): Promise<string> => {
  // `support/database.ts` takes away what has this name and is old: the test runner ends without telling anybody.
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-cli-'))
  const { success, logs } = await Bun.build({ entrypoints: [source], target: 'bun', outdir: folder })
  if (!success) throw new AggregateError(logs, 'src/main.ts cannot be bundled')
  return join(folder, 'main.js')
}

const program = [process.execPath, await bundled()]

interface More {
  readonly stdin?: string
  readonly env?: Record<string, string>
  /** A program that runs the command: what it is called with, up to the command. */
  readonly within?: readonly string[]
  /** Hears what it prints, piece by piece. */
  readonly heard?: (text: string) => void
}

/** Starts one command, with nothing of this machine's environment. `finished` resolves at its end. */
export const begin = (args: string[], { env }: Pick<Installation, 'env'>, more: More = {}) => {
  const child = Bun.spawn([...(more.within ?? []), ...program, ...args], {
    cwd: env.HOME ?? tmpdir(),
    env: { PATH: process.env.PATH ?? '', ...env, ...more.env },
    stdin: new TextEncoder().encode(more.stdin ?? ''),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  // What does not end by itself has a bug of its own.
  const killer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  const printed = async (): Promise<string> => {
    const decoder = new TextDecoder()
    let text = ''
    for await (const piece of child.stdout as unknown as AsyncIterable<Uint8Array>) {
      const some = decoder.decode(piece, { stream: true })
      more.heard?.(some)
      text += some
    }
    return text
  }
  const finish = async (): Promise<Finished> => {
    const [stdout, stderr, code] = await Promise.all([printed(), new Response(child.stderr).text(), child.exited])
    clearTimeout(killer)
    return { code, stdout, stderr }
  }
  return { child, finished: finish() }
}

export const sipkeeper = (args: string[], place: Pick<Installation, 'env'>, more: More = {}): Promise<Finished> =>
  begin(args, place, more).finished

/**
 * One command on a terminal of so many columns. Each answer is typed once what was printed since the one before matches.
 */
export const onTerminal = async (
  args: string[],
  { env }: Pick<Installation, 'env'>,
  answers: readonly (readonly [when: RegExp, what: string])[],
  cols = 100,
): Promise<{ code: number | null; text: string }> => {
  let [text, seen, given] = ['', 0, 0]
  const decoder = new TextDecoder()
  const child = Bun.spawn([...program, ...args], {
    cwd: env.HOME ?? tmpdir(),
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm', ...env },
    terminal: {
      cols,
      rows: 24,
      data: (terminal, piece) => {
        text += decoder.decode(piece, { stream: true })
        const answer = answers[given]
        if (answer === undefined || !answer[0].test(text.slice(seen))) return
        seen = text.length
        given += 1
        terminal.write(answer[1])
      },
    },
  })
  const killer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await child.exited
  clearTimeout(killer)
  return { code: child.exitCode, text }
}

/** A server that ends with the test, however the test ends. */
export const serve = async (place: Pick<Installation, 'env'>): Promise<Running & AsyncDisposable> => {
  const running = await serveWith(place, program)
  return { ...running, [Symbol.asyncDispose]: running.kill }
}

/** A place without a database, removed by `using`. */
export const place = async (more: Record<string, string> = {}) => {
  const made = await installation(more)
  return { ...made, [Symbol.asyncDispose]: made.remove }
}

const withSpace = async (made: Installation) => {
  const args = ['spaces:create-update', 'sip.example.org', 'localhost', 'Example', '--super']
  const { code, stderr } = await sipkeeper(args, made)
  if (code !== 0) throw new Error(stderr)
}

const FILES = ['sipkeeper.sqlite', 'app.key']
let template: Promise<string> | null = null

const makeTemplate = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-cli-'))
  await withSpace({ env: { DATA_DIR: folder, HOME: folder }, folder, remove: async () => {} })
  return folder
}

/** The same with a super Space on `localhost`, which on SQLite is made once and copied. */
export const placeWithSpace = async (more: Record<string, string> = {}) => {
  const made = await place(more)
  if (postgresUrl !== null) await withSpace(made)
  else {
    template ??= makeTemplate()
    for (const name of FILES) copyFileSync(join(await template, name), join(made.folder, name))
  }
  return made
}

/** Plain SQL on the database of that place, from beside. */
export const databaseOf = ({ env, folder }: Installation): OtherConnection & AsyncDisposable => {
  const connection = otherConnection(env.DATABASE_URL ?? join(folder, 'sipkeeper.sqlite'))
  return { ...connection, [Symbol.asyncDispose]: connection.close }
}

/** What the first run and setup print. */
export const readWelcome = (text: string) => ({
  password: /Password +(\S+)/.exec(text)?.[1] ?? '',
  apiKey: /API key +(\S{40})/.exec(text)?.[1] ?? '',
  curl: /^ +(curl .*)$/m.exec(text)?.[1] ?? '',
  provisioningUrl: /^ +(https?:\S+\/provisioning\/\S+)$/m.exec(text)?.[1] ?? '',
})
