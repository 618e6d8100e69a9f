import { type Command, Option } from 'commander'
import type { PushProvider } from '../push/sender.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly type?: 'background' | 'message' | 'call'
}

const isProvider = (text: string): text is PushProvider => ['apns', 'apns.dev', 'fcm'].includes(text)

export const pushCommands = (program: Command) =>
  program
    .command('push:test')
    .argument('<provider>', 'apns, apns.dev or fcm')
    .argument('<param>', 'the pn_param of the device')
    .argument('<prid>', 'the pn_prid of the device')
    .addOption(
      new Option('--type <type>', 'kind of push').choices(['background', 'message', 'call']).default('message'),
    )
    .description('send one push notification')
    .action(async (provider: string, param: string, prid: string, _options, command: Command) => {
      if (!isProvider(provider)) throw new CommandError('The provider is apns, apns.dev or fcm.', EXIT.usage)
      const options = command.optsWithGlobals<Options>()
      await withServices(options, async ({ parts }) => {
        const type = options.type ?? 'message'
        try {
          await parts.push.send({ provider, param, prid, type, payload: null, callId: null })
        } finally {
          await parts.push.close()
        }
        print('sent')
      })
    })
