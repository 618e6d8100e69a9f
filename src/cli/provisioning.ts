import type { Command } from 'commander'
import { spaceUrl } from '../config/links.ts'
import { parseAddressOfRecord } from '../protocols/sip-address.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

export const provisioningCommands = (program: Command) =>
  program
    .command('provisioning:preview')
    .argument('<address>', 'user@domain')
    .description('print the document of a phone without using a token up, passwords masked')
    .action(async (sip: string, _options, command: Command) => {
      const address = parseAddressOfRecord(sip)
      if (address === null) throw new CommandError('The address must look like user@domain.', EXIT.usage)
      await withServices(command.optsWithGlobals<GlobalOptions>(), async ({ config, parts }) => {
        const space = await parts.spaces.byDomain(address.domain)
        if (space === null) throw new CommandError(`There is no Space ${address.domain}.`, EXIT.notFound)
        await parts.hooks.load()
        const found = await parts.accounts.bySip(space, sip)
        print(await parts.provisioning.preview(found, spaceUrl(config, space.host)))
      })
    })
