import type { Command } from 'commander'
import { maskedPhone } from '../logging/masking.ts'
import { PermanentFailure } from '../outbox/messages.ts'
import { parsePhone } from '../protocols/e164.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly space?: string
  readonly json?: boolean
}

export const smsCommands = (program: Command) =>
  program
    .command('sms:test')
    .argument('<number>', 'in international form: +33612345678')
    .option('--space <domain>', 'the Space whose name the text says')
    .option('--json', 'print one JSON object')
    .description('send one SMS, as a person would get it, with a code that is good for nothing')
    .action(async (number: string, _options, command: Command) => {
      const phone = parsePhone(number)
      if (phone === null) throw new CommandError('The number is not one that can exist.', EXIT.usage)
      const options = command.optsWithGlobals<Options>()
      await withServices(options, async ({ parts: { sms, spaces } }) => {
        if (!sms.isConfigured) throw new CommandError('SMS_PROVIDER names nobody who sends SMS.', EXIT.configuration)
        const space = options.space === undefined ? undefined : await spaces.byDomain(options.space)
        if (space === null) throw new CommandError(`There is no Space ${options.space}.`, EXIT.notFound)
        const { provider, alphabet, segments } = await sms.sendTest(phone.number, space).catch((error: Error) => {
          const exitCode = error instanceof PermanentFailure ? EXIT.refused : EXIT.dependencyDown
          throw new CommandError(`Not sent: ${error.message}.`, exitCode)
        })
        const to = maskedPhone(phone.number)
        if (options.json === true) print(JSON.stringify({ to, provider, alphabet, segments }))
        else print(`accepted by ${provider} for ${to}, ${segments} SMS (${alphabet})`)
      })
    })
