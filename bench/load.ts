// What asks: `wrk`, and our own client for digest exchanges, which `wrk` cannot compute.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PASSWORD, USERNAME } from './seed.ts'
import { cpuMicroseconds, type Server } from './servers.ts'

export const CONNECTIONS = 32

export interface Measured {
  /** Requests, or pairs of them. */
  readonly done: number
  readonly perSecond: number
  readonly cpuMicrosecondsEach: number
  readonly medianMs: number
  readonly p99Ms: number
  /** Replies that are neither 2xx nor 3xx. */
  readonly refused: number
}

/** One kind of request, for so many seconds. */
export type Load = (server: Server, seconds: number) => Promise<Measured>

const outputOf = async (command: string[]): Promise<string> => {
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
  const output = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error(`${command[0]} failed: ${output}`)
  return output
}

const MILLISECONDS: Record<string, number> = { us: 0.001, ms: 1, s: 1000 }

const wrk = async (server: Server, seconds: number, path: string, options: string[]): Promise<Measured> => {
  const before = cpuMicroseconds(server)
  const url = `http://localhost:${server.port}${path}`
  const output = await outputOf(['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', ...options, url])
  const cpu = cpuMicroseconds(server) - before
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0)
  const latency = (percent: number) => {
    const [, value = '0', unit = 'ms'] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(output) ?? []
    return Number(value) * (MILLISECONDS[unit] ?? 1)
  }
  const done = number(/(\d+) requests in/)
  return {
    done,
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    cpuMicrosecondsEach: cpu / Math.max(done, 1),
    medianMs: latency(50),
    p99Ms: latency(99),
    refused: number(/Non-2xx or 3xx responses: (\d+)/),
  }
}

/** The same request again and again. */
export const same =
  (path: string, headers: Record<string, string> = {}): Load =>
  (server, seconds) => {
    const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
    return wrk(server, seconds, path, given)
  }

/** `wrk` has prepared requests that it never sent when it ends: one on each connection, and one as a trial. */
const PREPARED = CONNECTIONS + 1

/** A request for each number from 1 on, none of them twice; `script` is the body of a Lua function of `id`. */
export const each = (script: string, preamble = ''): Load => {
  let next = 1
  return async (server, seconds) => {
    const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-bench-'))
    try {
      const file = join(folder, 'requests.lua')
      writeFileSync(file, `${preamble}\nlocal id = ${next - 1}\nrequest = function() id = id + 1; ${script} end\n`)
      const measured = await wrk(server, seconds, '/', ['-s', file])
      next += measured.done + PREPARED
      return measured
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** Pairs of a challenge and its answer; `plain` sends the same two requests without any digest, for raw Bun.serve. */
export const digestPairs =
  (kind: 'digest' | 'plain'): Load =>
  async (server, seconds) => {
    const before = cpuMicroseconds(server)
    const program = join(import.meta.dir, 'digest-client.ts')
    const options = [String(server.port), String(seconds), kind === 'digest' ? USERNAME : '-', PASSWORD]
    const output = await outputOf([process.execPath, program, ...options])
    const { pairs, perSecond } = JSON.parse(output) as { pairs: number; perSecond: number }
    const cpu = cpuMicroseconds(server) - before
    return {
      done: pairs,
      perSecond,
      cpuMicrosecondsEach: cpu / Math.max(pairs, 1),
      medianMs: 0,
      p99Ms: 0,
      refused: 0,
    }
  }
