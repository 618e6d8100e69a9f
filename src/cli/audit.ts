import type { Command } from 'commander'
import type { AuditRow } from '../audit/entry.ts'
import { auditWire } from '../audit/wire.ts'
import { parseIso8601 } from '../protocols/iso-8601.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { runJob } from './jobs.ts'
import { withProgress } from './progress.ts'
import { print, printLines } from './terminal.ts'

const WORDS = {
  changed: 'it says something else than when it was written, or the key that signed it is not in APP_KEY_PREVIOUS',
  missing: 'it is not there',
  misplaced: 'it does not follow on the row before it',
  erased: 'who it is about was taken out of it, and not by this server',
  'cut off': 'the log was longer: its end was cut off',
  stray: 'the chain ends before it, and beside it stands a row that this server has not written',
} as const

interface ExportOptions extends GlobalOptions {
  readonly since?: string
  readonly until?: string
  readonly space?: string
}

const instantOf = (name: string, written: string | undefined) => {
  if (written === undefined) return undefined
  const found = parseIso8601(written)
  if (found === null)
    throw new CommandError(`${name} takes a date such as 2026-03-01, or a date and a time.`, EXIT.usage)
  return found
}

/** `123:hash`, as `audit:verify` has printed it before. */
const headOf = (written: string): { position: number; hash: string } => {
  const [, position = '', hash = ''] = /^(\d{1,15}):([\w-]{43})$/.exec(written) ?? []
  if (hash === '') throw new CommandError('--from takes what audit:verify printed: position:hash.', EXIT.usage)
  return { position: Number(position), hash }
}

async function* lines(rows: AsyncIterable<AuditRow>, looked: (rows: number) => void): AsyncGenerator<string> {
  let done = 0
  for await (const row of rows) {
    yield JSON.stringify(auditWire(row))
    done += 1
    looked(done)
  }
}

export const auditCommands = (program: Command) => {
  program
    .command('audit:verify')
    .option('--holds <position:hash>', 'the chain must also contain this end, which audit:verify printed before')
    .description('hold the audit log against its chain; names the first row where it is broken')
    .action(async (_options, command: Command) => {
      const { holds, ...options } = command.optsWithGlobals<GlobalOptions & { holds?: string }>()
      const known = holds === undefined ? null : headOf(holds)
      await withServices(options, async ({ parts }) => {
        const { position, hash, rows, broken } = await withProgress('rows', options, ({ show }) =>
          parts.auditVerification.verify(known, show),
        )
        if (broken !== null) {
          throw new CommandError(`Broken at ${broken.position}: ${WORDS[broken.why]}.`, EXIT.failed)
        }
        print(`${rows} rows hold. End: ${position}:${hash}`)
      })
    })
  program
    .command('audit:export')
    .option('--since <date>', 'nothing older')
    .option('--until <date>', 'nothing newer; of a date its whole day is meant')
    .option('--space <domain>', 'only of the Space with this SIP domain')
    .description('print the audit log, one JSON object a line, in the order of its chain')
    .action(async (_options, command: Command) => {
      const { since, until, space, ...options } = command.optsWithGlobals<ExportOptions>()
      const wanted = {
        since: instantOf('--since', since)?.at,
        until: instantOf('--until', until)?.until,
        ...(space === undefined ? {} : { domain: space.toLowerCase() }),
      }
      await withServices(options, async ({ parts }) => {
        await parts.auditReading.handOver(null, wanted.domain ?? null)
        await parts.auditChain.seal()
        // Two would write on one terminal.
        const quiet = options.quiet === true || process.stdout.isTTY === true
        await withProgress('rows', { quiet }, ({ show }) =>
          printLines(lines(parts.auditReading.all(wanted), (rows) => show(rows, null))),
        )
      })
    })
  program
    .command('audit:cut')
    .description('remove what is older than AUDIT_RETENTION_DAYS says; signed stumps stay')
    .action(async (_options, command: Command) =>
      withServices(command.optsWithGlobals<GlobalOptions>(), async ({ parts }) => {
        print(`${(await runJob(parts, 'audit-retention')).count} rows removed`)
      }),
    )
  program
    .command('audit:erase')
    .argument('<account>', 'number, or user@domain')
    .description('take an account out of the audit log: its rows keep its number alone, and the chain holds')
    .action(async (account: string, _options, command: Command) =>
      withServices(command.optsWithGlobals<GlobalOptions>(), async ({ parts }) => {
        const ids = /^\d{1,10}$/.test(account) ? [Number(account)] : await parts.auditErasure.idsOf(account)
        if (ids.length === 0) throw new CommandError(`The audit log knows no ${account}.`, EXIT.notFound)
        for (const id of ids) print(`Account ${id}: ${await parts.auditErasure.erase(id, null)} rows`)
      }),
    )
}
