import type { Command } from 'commander'
import { type GlobalOptions, withServices } from './context.ts'
import { print } from './terminal.ts'

export const phoneCountriesCommands = (program: Command) => {
  for (const action of ['activate', 'deactivate'] as const) {
    program
      .command(`phone-countries:${action}`)
      .argument('<codes...>', 'ISO codes such as FR DE')
      .description(`${action === 'activate' ? 'accept' : 'refuse'} phone numbers of these countries`)
      .action(async (codes: string[], _options, command: Command) =>
        withServices(command.optsWithGlobals<GlobalOptions>(), async ({ parts }) => {
          const counts = await parts.phoneCountries.switchAll(null, codes, action === 'activate')
          for (const [index, code] of codes.entries()) print(`${code.toUpperCase()}: ${counts[index]} regions`)
        }),
      )
  }
  program
    .command('app:update-phone-countries')
    .description('add countries that are new in the numbering metadata')
    .action(async (_options, command: Command) =>
      withServices(command.optsWithGlobals<GlobalOptions>(), async ({ parts }) => {
        print(`${await parts.phoneCountries.refresh()} added`)
      }),
    )
}
