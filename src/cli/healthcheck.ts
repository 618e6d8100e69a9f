import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { type GlobalOptions, loadSettings } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

const TIMEOUT_MS = 5000

const UNSPECIFIED: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }

const askUp = (config: Config): Promise<Response> => {
  const scheme = config.TLS_CERT === null ? 'http' : 'https'
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS), tls: { rejectUnauthorized: false } }
  const { LISTEN: listen } = config
  if (listen.kind === 'unix') return fetch('http://localhost/up', { ...options, unix: listen.path })
  const host = UNSPECIFIED[listen.host] ?? (listen.host.includes(':') ? `[${listen.host}]` : listen.host)
  return fetch(`${scheme}://${host}:${listen.port}/up`, options)
}

export const healthcheckCommand = (program: Command) =>
  program
    .command('healthcheck')
    .description('ask a running server whether it is well (for containers)')
    .action(async (_options, command: Command) => {
      const { config } = loadSettings({ ...command.optsWithGlobals<GlobalOptions>(), quiet: true })
      const reply = await askUp(config).catch((error: Error) => {
        throw new CommandError(`No answer: ${error.message}`, EXIT.failed)
      })
      if (reply.status !== 200) throw new CommandError(`/up answers ${reply.status}`, EXIT.failed)
      print('up')
    })
