import { readFileSync, statSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { LANGUAGES, type Language } from '../messages/messages.ts'
import type { PasswordAlgorithm, Space } from '../nouns/space.ts'
import { MOST_LOGO_BYTES } from '../spaces/branding/branding.ts'
import { MOST_VOICEMAIL_BYTES } from '../spaces/spaces/rules.ts'
import { sentenceOf } from '../thrown.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly super?: boolean
  readonly uniqueEmail?: boolean
  readonly clientCertificates?: boolean
  readonly maxVoicemailBytes?: string
  readonly realm?: string
  readonly algorithm?: PasswordAlgorithm
  readonly callForwardingNoAnswerWire?: Space['callForwardingNoAnswerWire']
  readonly locale?: Language | 'none'
  readonly json?: boolean
}

export const spacesCommands = (program: Command) => {
  program
    .command('spaces:create-update')
    .argument('<sip_domain>', 'SIP domain of the Space')
    .argument('<host>', 'HTTP host that selects it')
    .argument('<name>', 'name shown to people')
    .option('--super', 'its administrators administer every Space')
    .option('--no-super', 'they do not')
    .option('--unique-email', 'an e-mail address belongs to one account at most')
    .option('--no-unique-email', 'several accounts may have one address')
    .option('--client-certificates', 'phones may fetch their configuration with a client certificate')
    .option('--no-client-certificates', 'they may not')
    .option('--max-voicemail-bytes <bytes>', 'what all its voicemails may take together; 0: as much as they like')
    .option('--realm <realm>', 'digest realm; the SIP domain by default')
    .addOption(new Option('--algorithm <algorithm>', 'algorithm of new passwords').choices(['MD5', 'SHA-256']))
    .addOption(
      new Option(
        '--call-forwarding-no-answer-wire <word>',
        'what its Flexisip calls forwarding of calls that nobody answers; away by default',
      ).choices(['away', 'no_answer']),
    )
    .addOption(
      new Option('--locale <language>', 'language of messages to people who have chosen none').choices([
        ...LANGUAGES,
        'none',
      ]),
    )
    .option('--json', 'print one JSON object')
    .description('create a Space, or change the one of that SIP domain')
    .action(async (domain: string, host: string, name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      // Commander makes `--no-super` the default's opposite; only what was written counts.
      const written = (name: 'super' | 'uniqueEmail' | 'clientCertificates') =>
        command.getOptionValueSource(name) === 'cli' ? options[name] : undefined
      const [asSuper, uniqueEmail] = [written('super'), written('uniqueEmail')]
      const clientCertificateAuthentication = written('clientCertificates')
      const room = options.maxVoicemailBytes
      const maxVoicemailBytes = room === undefined ? undefined : bytesOf(room)
      await withServices(options, async ({ parts }) => {
        const { space, created } = await parts.spaceAdministration.upsert({
          domain,
          host,
          name,
          ...(asSuper === undefined ? {} : { super: asSuper }),
          ...(uniqueEmail === undefined ? {} : { uniqueEmail }),
          ...(clientCertificateAuthentication === undefined ? {} : { clientCertificateAuthentication }),
          ...(maxVoicemailBytes === undefined ? {} : { maxVoicemailBytes }),
          ...(options.realm === undefined ? {} : { realm: options.realm }),
          ...(options.algorithm === undefined ? {} : { algorithm: options.algorithm }),
          ...(options.callForwardingNoAnswerWire === undefined
            ? {}
            : { callForwardingNoAnswerWire: options.callForwardingNoAnswerWire }),
          ...(options.locale === undefined ? {} : { locale: options.locale === 'none' ? null : options.locale }),
        })
        if (options.json === true) print(JSON.stringify({ domain: space.domain, host: space.host, created }))
        else print(`Space ${space.domain} on ${space.host} ${created ? 'created' : 'updated'}.`)
      })
    })
  program
    .command('spaces:logo')
    .argument('<sip_domain>', 'SIP domain of the Space')
    .argument('[file]', 'a PNG of at most 2 MiB and 1024 pixels each way')
    .option('--remove', 'do without a logo')
    .description('give a Space the logo that its pages show')
    .action(async (domain: string, file: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { remove?: boolean }>()
      if ((file === undefined) === (options.remove !== true)) {
        throw new CommandError('Name a file, or say --remove.', EXIT.usage)
      }
      const bytes = file === undefined ? null : readPicture(file)
      await withServices(options, async ({ parts }) => {
        if (bytes === null) await parts.branding.removeLogo(null, domain)
        else await parts.branding.setLogo(null, domain, bytes)
        print(`Space ${domain} has ${bytes === null ? 'no' : 'its'} logo.`)
      })
    })
}

const bytesOf = (text: string): number => {
  const bytes = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (bytes <= MOST_VOICEMAIL_BYTES) return bytes
  throw new CommandError('--max-voicemail-bytes must be a whole number of bytes.', EXIT.usage)
}

const readPicture = (file: string): Uint8Array => {
  try {
    // A picture that is too large for us need not fit into memory either.
    if (statSync(file).size > MOST_LOGO_BYTES) throw new Error(`it is larger than ${MOST_LOGO_BYTES} bytes`)
    return readFileSync(file)
  } catch (error) {
    throw new CommandError(`${file} cannot be used: ${sentenceOf(error)}.`, EXIT.refused)
  }
}
