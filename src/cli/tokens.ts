import type { Command } from 'commander'
import { SPACE, spaceNamed } from './account.ts'
import { commandVisit } from './command-visit.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { print } from './terminal.ts'

export const tokensCommands = (program: Command) =>
  program
    .command('tokens:create')
    .requiredOption('--space <sip_domain>', SPACE)
    .option('--json', 'print one JSON object')
    .description('make a token with which an app may create one account, and print it this once')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { space: string; json?: boolean }>()
      await withServices(options, async (opened) => {
        const space = await spaceNamed(opened, options.space)
        const { token, expire_at } = await opened.parts.accountTokens.create(commandVisit(opened.config, space))
        if (options.json === true) return print(JSON.stringify({ token, domain: space.domain, expire_at }))
        print(token)
        if (expire_at !== null) print(`Good until ${expire_at}.`)
      })
    })
