import { Argument, type Command, Option } from 'commander'
import type { PushProvider } from '../push/sender.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly type?: 'background' | 'message' | 'call'
}

const PROVIDERS: readonly PushProvider[] = ['apns', 'apns.dev', 'fcm']

export const pushCommands = (program: Command) =>
  program
    .command('push:test')
    .addArgument(new Argument('<provider>', 'who delivers it').choices(PROVIDERS))
    .argument('<param>', 'the pn_param of the device')
    .argument('<prid>', 'the pn_prid of the device')
    .addOption(
      new Option('--type <type>', 'kind of push').choices(['background', 'message', 'call']).default('message'),
    )
    .description('send one push notification')
    .action(async (provider: PushProvider, param: string, prid: string, _options, command: Command) => {
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
