import type { Command } from 'commander'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly apply?: boolean
  readonly andConfirmed?: boolean
  readonly domain?: string
  readonly yes?: boolean
}

const wholeNumber = (text: string, name: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new CommandError(`${name} must be a whole number.`, EXIT.usage)
  return Number(text)
}

const report = (count: number, what: string, apply: boolean) =>
  print(apply ? `${count} ${what} removed` : `${count} ${what} would be removed; add --apply to do it`)

/** The reference's own command names, so that cron lines keep working. */
export const housekeepingCommands = (program: Command) => {
  program
    .command('accounts:clear-accounts-tombstones')
    .argument('<days>')
    .option('--apply', 'do it; otherwise they are only counted')
    .description('free the names of accounts deleted so many days ago')
    .action(async (days: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const apply = options.apply === true
      const age = wholeNumber(days, 'days')
      await withServices(options, async ({ parts }) =>
        report(await parts.housekeeping.tombstones(age, apply), 'reserved names', apply),
      )
    })
  program
    .command('accounts:clear-unconfirmed')
    .argument('<days>')
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
        const old = { apply, confirmed, domain: options.domain ?? null }
        report(await parts.housekeeping.unconfirmed(age, old), 'accounts', apply)
      })
    })
  program
    .command('accounts:clear-api-keys')
    .alias('digest:clear-api-keys')
    .argument('[minutes]')
    .description('remove API keys that were not used for so many minutes (APP_API_KEY_EXPIRATION_MINUTES)')
    .action(async (minutes: string | undefined, _options, command: Command) => {
      const given = minutes === undefined ? null : wholeNumber(minutes, 'minutes')
      await withServices(command.optsWithGlobals<Options>(), async ({ parts, config }) => {
        const limit = given ?? config.APP_API_KEY_EXPIRATION_MINUTES
        report(await parts.housekeeping.apiKeys(limit), 'API keys', true)
      })
    })
  program
    .command('digest:clear-opaques')
    .alias('digest:clear-nonces')
    .argument('[minutes]', 'accepted and not needed: counts live as long as their nonces')
    .description('remove digest counts whose nonces have expired')
    .action(async (_minutes: string | undefined, _options, command: Command) =>
      withServices(command.optsWithGlobals<Options>(), async ({ parts }) => {
        report(await parts.housekeeping.nonces(), 'digest counts', true)
      }),
    )
  program
    .command('tokens:clear')
    .argument('<days>')
    .option('--apply', 'do it; otherwise they are only counted')
    .description('remove tokens that were used, or went unused, so many days ago')
    .action(async (days: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const apply = options.apply === true
      const age = wholeNumber(days, 'days')
      await withServices(options, async ({ parts }) =>
        report(await parts.housekeeping.tokens(age, apply), 'tokens', apply),
      )
    })
}
