import { type Command, Option } from 'commander'
import type { Tx } from '../db/db.ts'
import type { Pace } from '../db/sweep.ts'
import type { Occasion } from '../jobs/jobs.ts'
import type { Services } from '../services.ts'
import { DEFAULT_THRESHOLDS } from '../spaces/spaces/expiry-notices.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { runJob } from './jobs.ts'
import { withProgress } from './progress.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly apply?: boolean
  readonly andConfirmed?: boolean
  readonly domain?: string
  readonly yes?: boolean
}

/** A hundred years. */
const MOST_DAYS = 36_500

const wholeNumber = (text: string, name: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new CommandError(`${name} must be a whole number.`, EXIT.usage)
  return Number(text)
}

const report = (count: number, what: string, apply: boolean) =>
  print(apply ? `${count} ${what} removed` : `${count} ${what} would be removed; add --apply to do it`)

type Removing = Pick<Pace, 'signal' | 'onGone'>

/** Never while the job of the same name does it. `count` says how much it will be; null: that cannot be known before. */
const remove = async (
  parts: Services,
  options: Options,
  { what, job, count }: { readonly what: string; readonly job: string; readonly count: () => Promise<number | null> },
  work: (removing: Removing) => Promise<number>,
): Promise<void> => {
  const ended = await runJob(parts, job, async ({ signal }) => {
    const total = await count()
    let gone = 0
    return withProgress(what, options, ({ show }) =>
      work({
        signal,
        onGone: (more) => {
          gone += more
          show(gone, total)
        },
      }),
    )
  })
  report(ended.count, what, true)
}

/** Counts; with `--apply` does it. */
const clear = async (
  parts: Services,
  options: Options,
  { what, job }: { readonly what: string; readonly job: string },
  work: (clearing: Removing & { readonly apply: boolean }) => Promise<number>,
): Promise<void> => {
  const count = () => work({ apply: false })
  if (options.apply !== true) return report(await count(), what, false)
  await remove(parts, options, { what, job, count }, (removing) => work({ ...removing, apply: true }))
}

/** `7,3,1`: whole numbers, each smaller than the one before. What has no number in it is the default. */
const thresholdsOf = (text: string): readonly number[] => {
  const days = text.match(/\d+/g)?.map(Number) ?? DEFAULT_THRESHOLDS
  const isFalling = days.every((day, index) => index === 0 || day < (days[index - 1] ?? 0))
  if (!isFalling || (days[0] ?? 0) > MOST_DAYS) {
    throw new CommandError('The days must be whole numbers, each smaller than the one before: 7,3,1.', EXIT.failed)
  }
  return days
}

/** The reference's own command names, so that cron lines keep working. */
export const housekeepingCommands = (program: Command) => {
  program
    .command('accounts:clear-accounts-tombstones')
    .argument('<days>', 'how old it must be, in whole days')
    .option('--apply', 'do it; otherwise they are only counted')
    .description('free the names of accounts deleted so many days ago')
    .action(async (days: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const age = wholeNumber(days, 'days')
      await withServices(options, async ({ parts }) =>
        clear(parts, options, { what: 'reserved names', job: 'tombstones' }, (how) =>
          parts.housekeeping.tombstones(age, how),
        ),
      )
    })
  program
    .command('accounts:clear-unconfirmed')
    .argument('<days>', 'how old it must be, in whole days')
    .option('--apply', 'do it; otherwise they are only counted')
    .option('--and-confirmed', 'activated accounts too; needs --domain and --yes')
    .option('--domain <domain>', 'accounts of this SIP domain only')
    .option('--yes', 'yes, accounts that people use')
    .description('delete accounts that nobody activated for so many days; never administrators')
    .action(async (days: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const confirmed = options.andConfirmed === true
      const apply = options.apply === true
      if (confirmed && (options.domain === undefined || (apply && options.yes !== true))) {
        throw new CommandError(
          '--and-confirmed deletes accounts in use: it needs --domain, and --yes to apply.',
          EXIT.refused,
        )
      }
      const age = wholeNumber(days, 'days')
      await withServices(options, async ({ parts }) => {
        const which = { confirmed, domain: options.domain ?? null }
        await clear(parts, options, { what: 'accounts', job: 'unconfirmed-accounts' }, (how) =>
          parts.housekeeping.unconfirmed(age, { ...how, ...which }),
        )
      })
    })
  program
    .command('accounts:clear-api-keys')
    .alias('digest:clear-api-keys')
    .argument('[minutes]', 'how long unused; without it, as the setting says')
    .description('remove API keys that were not used for so many minutes (APP_API_KEY_EXPIRATION_MINUTES)')
    .action(async (minutes: string | undefined, _options, command: Command) => {
      const given = minutes === undefined ? null : wholeNumber(minutes, 'minutes')
      const options = command.optsWithGlobals<Options>()
      await withServices(options, async ({ parts, config }) => {
        const limit = given ?? config.APP_API_KEY_EXPIRATION_MINUTES
        const how = { what: 'API keys', job: 'api-keys', count: async () => null }
        await remove(parts, options, how, (removing) => parts.housekeeping.apiKeys(limit, removing))
      })
    })
  program
    .command('digest:clear-opaques')
    .alias('digest:clear-nonces')
    .argument('[minutes]', 'accepted and not needed: counts live as long as their nonces')
    .description('remove digest counts whose nonces have expired')
    .action((_minutes: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const how = { what: 'digest counts', job: 'nonces', count: async () => null }
      return withServices(options, ({ parts }) => remove(parts, options, how, parts.housekeeping.nonces))
    })
  program
    .command('tokens:clear')
    .argument('<days>', 'how old it must be, in whole days')
    .option('--apply', 'do it; otherwise they are only counted')
    .description('remove tokens and codes that were used, or went unused, so many days ago')
    .action(async (days: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const age = wholeNumber(days, 'days')
      await withServices(options, async ({ parts }) =>
        clear(parts, options, { what: 'tokens', job: 'tokens' }, (how) => parts.housekeeping.tokens(age, how)),
      )
    })
  program
    .command('app:clear-statistics')
    .argument('<days>', 'how old it must be, in whole days')
    .option('--apply', 'do it; otherwise they are only counted')
    .description('remove calls, messages and conferences that were reported so many days ago')
    .action(async (days: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const age = wholeNumber(days, 'days')
      await withServices(options, async ({ parts }) =>
        clear(parts, options, { what: 'calls, messages and conferences', job: 'statistics' }, (how) =>
          parts.statisticsClearing.clear(age, how),
        ),
      )
    })
  program
    .command('statistics:recount')
    .description('count calls and messages anew for the charts, and correct what was counted wrong')
    .action((_options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      return withServices(options, async ({ parts }) => {
        const { count } = await runJob(parts, 'statistics', ({ signal }) =>
          withProgress('hours', options, ({ show }) => parts.statisticsClearing.recount(signal, show)),
        )
        print(`${count} hours corrected`)
      })
    })
  program
    .command('accounts:clear-files')
    .argument('<days>', 'how old it must be, in whole days')
    .option('--apply', 'do it; otherwise they are only counted')
    .description('delete voicemails that were left so many days ago, slots that wait for a day, and files of neither')
    .action(async (days: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const age = wholeNumber(days, 'days')
      await withServices(options, async ({ parts }) => {
        await clear(parts, options, { what: 'voicemails', job: 'voicemails' }, (how) =>
          parts.voicemails.clear(age, how),
        )
        if (options.apply !== true) return
        const { count } = await runJob(parts, 'orphaned-files')
        if (count > 0) print(`${count} files that belonged to nothing removed`)
      })
    })
  program
    .command('accounts:send-voicemails-emails')
    .option('--tryout', 'accepted, and without effect')
    .addOption(
      new Option('--max-attempts <n>', 'try mails again that were given up after fewer attempts').argParser((text) =>
        wholeNumber(text, '--max-attempts'),
      ),
    )
    .description('queue the mails about voicemails whose accounts had no address when they came')
    .action(async (_options, command: Command) => {
      const { maxAttempts, ...options } = command.optsWithGlobals<Options & { maxAttempts?: number }>()
      await withServices(options, async ({ parts }) => {
        const about = { kind: 'message', id: null, name: 'voicemail' } as const
        const record = (tx: Tx, count: number) =>
          parts.audit.record(tx, 'message.resent', { by: null, space: null, about, detail: { count } })
        const again = maxAttempts === undefined ? 0 : await parts.outbox.retryKind('voicemail', maxAttempts, record)
        print(`${(await parts.voicemails.mailUnmailed()) + again} mails queued`)
      })
    })
  program
    .command('spaces:expiration-emails')
    .argument('[days]', 'so many days before the end', DEFAULT_THRESHOLDS.join())
    .description('write to the administrators of Spaces that expire in exactly so many days, once for each')
    .action(async (days: string, _options, command: Command) => {
      const thresholds = thresholdsOf(days)
      await withServices(command.optsWithGlobals<Options>(), async ({ parts }) => {
        const send = (occasion: Occasion) => parts.expiryNotices.send(thresholds, occasion)
        print(`${(await runJob(parts, 'space-expiry', send)).count} mails queued`)
      })
    })
}
