import { Argument, type Command, Option } from 'commander'
import type { Tx } from '../db/db.ts'
import { maskedEmail, maskedPhone } from '../logging/masking.ts'
import { MailFailure, type MailReason } from '../mail/failure.ts'
import { isMailKind, MAIL_KINDS, SAMPLES } from '../mail/templates/samples.ts'
import { LANGUAGES, type Language } from '../messages/messages.ts'
import type { OutboxRow } from '../outbox/store.ts'
import { type GlobalOptions, type Opened, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

interface InSpace extends GlobalOptions {
  readonly space?: string
  readonly json?: boolean
}

const EXIT_OF: Readonly<Record<MailReason, number>> = {
  unconfigured: EXIT.configuration,
  forbidden: EXIT.configuration,
  encryption: EXIT.configuration,
  credentials: EXIT.configuration,
  sender: EXIT.configuration,
  unreachable: EXIT.dependencyDown,
  postponed: EXIT.tryAgain,
  refused: EXIT.failed,
}

/** The Space of `--space`; null without it. */
const spaceIdOf = async ({ parts }: Opened, { space }: InSpace): Promise<number | null> =>
  space === undefined ? null : (await parts.spaceAdministration.byDomain(space)).id

/** Pools keep connections open, and those the process. */
const withMail = <T>(options: GlobalOptions, work: (opened: Opened) => Promise<T>): Promise<T> =>
  withServices(options, async (opened) => {
    try {
      return await work(opened)
    } catch (error) {
      throw error instanceof MailFailure ? new CommandError(error.message, EXIT_OF[error.reason]) : error
    } finally {
      await opened.parts.mail.close()
    }
  })

const stateOf = (row: OutboxRow, now: Date): string => {
  if (row.sentAt !== null) return 'sent'
  if (row.deadAt !== null) return 'dead'
  return row.leasedUntil !== null && row.leasedUntil > now ? 'sending' : 'waiting'
}

const asItIs = (recipient: string): string => recipient
const masked = (recipient: string): string =>
  recipient.includes('@') ? maskedEmail(recipient) : maskedPhone(recipient)
const MASKED = {
  mail: masked,
  sms: masked,
  recovery: masked,
  bridge: asItIs,
  hook: asItIs,
  statistics: asItIs,
  proxy: asItIs,
  webhook: asItIs,
}

/** What operators may see of a message: neither what it says nor exactly to whom. */
const summary = (row: OutboxRow, now: Date) => {
  const state = stateOf(row, now)
  return {
    id: row.id,
    channel: row.channel,
    kind: row.kind,
    to: MASKED[row.channel](row.recipient),
    state,
    attempts: row.attempts,
    next_attempt_at: state === 'waiting' ? row.notBefore.toISOString() : null,
    last_error: row.lastError,
  }
}

const MOST_ROWS = 1000

const outboxCommand = (program: Command) =>
  program
    .command('mail:outbox')
    .option('--all', 'also those that have left')
    .option('--retry <id>', 'try this one again now')
    .option('--json', 'print one JSON object')
    .description(
      'list what waits to leave or was given up (mails, SMS, calls of hooks, webhooks, news for the B2BUA), the newest first',
    )
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<InSpace & { all?: boolean; retry?: string }>()
      await withServices(options, async ({ parts, world }) => {
        if (options.retry !== undefined) {
          if (!/^\d{1,15}$/.test(options.retry)) throw new CommandError('An id is a number.', EXIT.usage)
          const about = { kind: 'message', id: Number(options.retry) } as const
          const record = (tx: Tx) =>
            parts.audit.record(tx, 'message.resent', { by: null, space: null, about, line: { message: about.id } })
          if (!(await parts.outbox.retry(about.id, record))) {
            throw new CommandError(`No message ${options.retry} can be sent again.`, EXIT.notFound)
          }
          print(options.json === true ? JSON.stringify({ retried: Number(options.retry) }) : 'It is tried again.')
          return
        }
        const rows = await parts.outbox.list({ most: MOST_ROWS, unsent: options.all !== true })
        const messages = rows.map((row) => summary(row, world.now()))
        if (options.json === true) print(JSON.stringify({ messages }))
        else if (messages.length === 0) print('Nothing waits.')
        for (const one of options.json === true ? [] : messages) {
          const next = one.next_attempt_at === null ? '' : `, next ${one.next_attempt_at}`
          const error = one.last_error === null ? '' : `: ${one.last_error}`
          print(`${one.id} ${one.channel} ${one.kind} ${one.to} ${one.state}, attempts ${one.attempts}${next}${error}`)
        }
      })
    })

const testCommand = (program: Command) =>
  program
    .command('mail:test')
    .argument('<address>', 'who gets it')
    .option('--space <domain>', 'as a mail of this Space; without, as the instance')
    .option('--json', 'print one JSON object')
    .description('send one mail now and say which server took it')
    .action(async (recipient: string, _options, command: Command) => {
      if (!/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(recipient)) throw new CommandError('That is no address.', EXIT.usage)
      const options = command.optsWithGlobals<InSpace>()
      await withMail(options, async (opened) => {
        const spaceId = await spaceIdOf(opened, options)
        const sent = await opened.parts.mail.sendTest({ recipient, spaceId, language: 'en' })
        if (options.json === true) print(JSON.stringify(sent))
        else print(`${sent.server} took it: ${sent.answer}`)
      })
    })

const renderCommand = (program: Command) =>
  program
    .command('mail:render')
    .addArgument(new Argument('[kind]', 'kind of mail').choices(MAIL_KINDS))
    .option('--list', 'print the kinds')
    .addOption(new Option('--locale <language>', 'language of the mail').choices(LANGUAGES).default('en'))
    .option('--space <domain>', 'as a mail of this Space; without, as the instance')
    .option('--html', 'the part in HTML')
    .description('print a mail with made-up values; nothing is sent')
    .action(async (kind: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<InSpace & { list?: boolean; locale: Language; html?: boolean }>()
      if (options.list === true) return print(MAIL_KINDS.join('\n'))
      const { locale: language } = options
      if (kind === undefined || !isMailKind(kind)) {
        throw new CommandError(`The kind is one of: ${MAIL_KINDS.join(', ')}.`, EXIT.usage)
      }
      await withMail(options, async (opened) => {
        const spaceId = await spaceIdOf(opened, options)
        const { from, subject, text, html } = await opened.parts.mail.render(kind, SAMPLES[kind], { spaceId, language })
        const sender = from === null ? 'MAIL_FROM_ADDRESS is not set' : `${from.name} <${from.address}>`
        print(options.html === true ? html : `From: ${sender}\nSubject: ${subject}\n\n${text.trimEnd()}`)
      })
    })

export const mailCommands = (program: Command) => {
  for (const add of [testCommand, renderCommand, outboxCommand]) add(program)
}
