import { createHmac } from 'node:crypto'
import type { Config } from '../config/config.ts'
import type { Logging } from '../logging/logging.ts'
import type { Language } from '../messages/messages.ts'
import {
  type Channel,
  type MailKind,
  type MailKinds,
  type MessageData,
  type OutgoingMessage,
  PermanentFailure,
} from '../outbox/messages.ts'
import { qrPng } from '../protocols/qr.ts'
import type { Check } from '../push/sender.ts'
import type { Secrets } from '../secrets.ts'
import { type DriverDeps, driver } from './driver.ts'
import { failureOf, harmless, MailFailure } from './failure.ts'
import type { Enclosures, Heard, Letter, MailServer } from './letter.ts'
import type { Values } from './template.ts'
import { isMailKind } from './templates/samples.ts'
import { escapeHtml, mailTemplates, opensDoors } from './templates.ts'
import { commonValues, type MailSpace, ownValues, QR_CID, urlOf } from './values.ts'

/** A Space's own way to send. What is null is the instance's. */
export interface SpaceMailServer extends MailServer {
  readonly fromAddress: string | null
  readonly fromName: string | null
  readonly signature: string | null
}

/** In whose name a mail is written, and who hands it in; `server` null: the instance does. */
export interface MailSender {
  readonly space: MailSpace
  readonly server: SpaceMailServer | null
}

interface MailDeps extends DriverDeps {
  readonly config: Config
  readonly secrets: Secrets
  readonly log: Logging
  readonly now: () => Date
  /** null: there is no such Space any more. */
  readonly senderOf: (spaceId: number) => Promise<MailSender | null>
  /** The Spaces that have a server of their own. */
  readonly spacesWithServer: () => Promise<readonly { readonly spaceId: number; readonly domain: string }[]>
  /** Of the kinds that have something to enclose. */
  readonly enclosures: Partial<Readonly<Record<MailKind, Enclosures>>>
}

/** Subjects are cut by many programs after so many characters (RFC 5322 §2.1.1). */
const LONGEST_SUBJECT = 78

/** RFC 3834 §5 keeps absence notes away, and so does the header of Exchange. */
const AUTOMATIC = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' }

/** Takes mails out of the building: by the server of the Space that each is about, or by the instance's. */
export const mail = (deps: MailDeps) => {
  let current = mailWith(deps)
  return {
    id: 'mail',
    dispatch: (message: OutgoingMessage) => current.dispatch(message),
    close: () => current.close(),
    canSend: (spaceId: number) => current.canSend(spaceId),
    render: <Kind extends MailKind>(...args: Parameters<typeof current.render<Kind>>) => current.render(...args),
    sendTest: (...args: Parameters<typeof current.sendTest>) => current.sendTest(...args),
    check: () => current.check(),
    /**
     * Goes on with these settings, and with the templates as they are now. What is being sent is finished as it began.
     * @throws ConfigurationError for templates that cannot be used; then nothing has changed
     */
    reload: async (config: Config): Promise<void> => {
      const next = mailWith({ ...deps, config })
      const former = current
      current = next
      await former.close()
    },
  } satisfies Channel & Record<string, unknown>
}

/** The same for settings that stay as they are. */
const mailWith = (deps: MailDeps) => {
  const { config, secrets, now } = deps
  const way = driver(deps)
  const idKey = secrets.keyFor('message ids')
  const instance: MailSender = {
    space: { name: config.APP_NAME, host: config.APP_ROOT_HOST, copyrightText: null, logo: null },
    server: null,
  }
  const common = (sender: MailSender, data: MessageData, language: Language): Values => {
    const url = urlOf(config, sender.space, data)
    const signature = sender.server?.signature ?? config.MAIL_SIGNATURE
    return commonValues(config, sender.space, url, signature, now(), language)
  }
  const templates = mailTemplates(config.TEMPLATES_PATH, Object.keys(common(instance, {}, 'en')))

  const senderOf = async (spaceId: number | null): Promise<MailSender> =>
    (spaceId === null ? null : await deps.senderOf(spaceId)) ?? instance

  const serverOf = ({ server }: MailSender): MailServer => {
    const own = {
      spaceId: null,
      port: config.MAIL_PORT,
      username: config.MAIL_USERNAME,
      password: config.MAIL_PASSWORD,
      encryption: null,
      verifyCertificate: null,
    }
    if (!way.needsServer) return { ...own, host: '' }
    if (server !== null) {
      const { spaceId, host, port, username, password, encryption, verifyCertificate } = server
      return { spaceId, host, port, username, password, encryption, verifyCertificate }
    }
    if (config.MAIL_HOST === null) throw new MailFailure('unconfigured', 'MAIL_HOST is not set')
    return { ...own, host: config.MAIL_HOST }
  }

  const addressOf = ({ server }: MailSender): string | null => server?.fromAddress ?? config.MAIL_FROM_ADDRESS

  const fromOf = (sender: MailSender): Letter['from'] => {
    const address = addressOf(sender)
    if (address === null) throw new MailFailure('unconfigured', 'MAIL_FROM_ADDRESS is not set')
    return { name: oneLine(sender.server?.fromName ?? config.MAIL_FROM_NAME ?? config.APP_NAME), address }
  }

  const write = (kind: MailKind, data: MessageData, sender: MailSender, language: Language) => {
    const { subject, text, html } = templates.of(kind, language)
    const values = { ...common(sender, data, language), ...ownValues(data, language) }
    return {
      subject: fitting((name) => oneLine(subject.render({ ...values, 'space.name': name })), sender.space.name),
      text: `${text
        .render(values)
        .replace(/\n{3,}/g, '\n\n')
        .trim()}\n`,
      html: html.render(values, escapeHtml),
    }
  }

  const letter = async (message: OutgoingMessage, kind: MailKind, sender: MailSender): Promise<Letter> => {
    const { id, recipient, data, language } = message
    const from = fromOf(sender)
    const { subject, text, html } = write(kind, data, sender, language)
    const picture = html.includes(`cid:${QR_CID}`) ? data.provisioning_link : null
    const enclosed = await deps.enclosures[kind]?.(message)
    // Of what the message is, so that a repetition has the same and nothing else has.
    const mark = createHmac('sha256', idKey).update(JSON.stringify([id, kind, recipient, data]))
    return {
      messageId: `<${id}.${mark.digest('hex').slice(0, 32)}@${from.address.split('@').at(-1)}>`,
      date: now(),
      from,
      to: { name: '', address: enclosed?.recipient ?? recipient },
      subject,
      text,
      html,
      headers: AUTOMATIC,
      attachments: [...(typeof picture === 'string' ? [qrAttachment(picture)] : []), ...(enclosed?.attachments ?? [])],
    }
  }

  const secretsOf = ({ password }: MailServer): string[] => (password === null ? [] : [password])

  /** Resolves to who took it and what they said; rejects with a `MailFailure`. */
  const send = async (message: OutgoingMessage, kind: MailKind, sender: MailSender, spoken?: string[]) => {
    const server = serverOf(sender)
    const written = await letter(message, kind, sender)
    const name = way.name(server)
    const hidden = [...doorOpeners(message.data), ...secretsOf(server)]
    try {
      const heard = spoken === undefined ? undefined : transcript(spoken, message.recipient, hidden)
      return { server: name, answer: await way.send(written, server, heard) }
    } catch (error) {
      throw failureOf(error, name, message.recipient, hidden)
    }
  }

  const check = async (name: string, spaceId: number | null): Promise<Check> => {
    const sender = await senderOf(spaceId)
    try {
      const server = serverOf(sender)
      const { address } = fromOf(sender)
      await way.check(server).catch((error) => {
        throw failureOf(error, way.name(server), address, secretsOf(server))
      })
      return { name, ok: true, detail: `${way.name(server)}, from ${address}` }
    } catch (error) {
      if (!(error instanceof MailFailure)) throw error
      if (spaceId !== null || error.reason !== 'unconfigured') return { name, ok: false, detail: error.message }
      const detail = `${error.message}; mails wait, and are given up after a day`
      return { name, ok: true, warns: true, detail, hint: 'Set MAIL_HOST and MAIL_FROM_ADDRESS.' }
    }
  }

  const channel: Channel = {
    id: 'mail',
    dispatch: async (message) => {
      const { kind } = message
      if (!isMailKind(kind)) throw new PermanentFailure(`no mail is of the kind ${kind}`)
      try {
        await send(message, kind, await senderOf(message.spaceId))
      } catch (error) {
        const isFinal = error instanceof MailFailure && error.reason === 'refused'
        throw isFinal ? new PermanentFailure(error.message) : error
      }
    },
    close: way.close,
  }

  return {
    ...channel,
    /** Whether there is a server for mails of the Space; otherwise they only wait. */
    canSend: async (spaceId: number): Promise<boolean> =>
      !way.needsServer || config.MAIL_HOST !== null || (await senderOf(spaceId)).server !== null,
    /** The words of a mail that is not sent, and who would have sent it. */
    render: async <Kind extends MailKind>(
      kind: Kind,
      data: Readonly<MailKinds[Kind]>,
      { spaceId, language }: { spaceId: number | null; language: Language },
    ) => {
      const sender = await senderOf(spaceId)
      const from = addressOf(sender) === null ? null : fromOf(sender)
      return { from, ...write(kind, data, sender, language) }
    },
    /** Sends one mail at once, past the outbox. Rejects with a `MailFailure`. What is spoken is added to `spoken`. */
    sendTest: async (to: { recipient: string; spaceId: number | null; language: Language }, spoken?: string[]) => {
      const sender = await senderOf(to.spaceId)
      const server = serverOf(sender)
      const encryption = way.needsServer ? [server.encryption ?? config.MAIL_ENCRYPTION] : []
      const transport = [way.name(server), ...encryption, fromOf(sender).address].join(', ')
      const data = { transport, time: now().toISOString() }
      const message = { id: 0, kind: 'test', data, webhookId: null, attempt: 1, ...to } as const
      return send(message, 'test', sender, spoken)
    },
    /** For `doctor`: each server is connected to and signed in at; no mail is sent. */
    check: async (): Promise<Check[]> => {
      const own = await deps.spacesWithServer()
      const servers = [check('mail', null), ...own.map(({ spaceId, domain }) => check(`mail of ${domain}`, spaceId))]
      const { unused } = templates
      const strange = {
        name: 'mail templates',
        ok: true,
        warns: true,
        detail: `no template of ours: ${unused.join(', ')}`,
      }
      return [...(await Promise.all(servers)), ...(unused.length === 0 ? [] : [strange])]
    },
  }
}

export type Mail = ReturnType<typeof mail>

const MOST_LINES = 200

/**
 * What is spoken, a line each, for whoever set the server up. What it answers to a password may hold that password, in
 * one spelling or another: there its code alone is kept.
 */
const transcript = (spoken: string[], recipient: string, secrets: readonly string[]): Heard => {
  let isSigningIn = false
  return (who, said) => {
    if (who === 'C') isSigningIn = /^AUTH /i.test(said) || (isSigningIn && !/^[A-Z]+( |$)/i.test(said))
    for (const line of said.split('\n')) {
      const shown = who === 'S' && isSigningIn ? line.slice(0, 3) : harmless(line, recipient, secrets)
      if (spoken.length < MOST_LINES) spoken.push(`${who}: ${shown}`)
    }
  }
}

/** Headers end at a line's end, whatever a Space is called. */
const oneLine = (text: string): string => text.replace(/[ \p{Cc}\u2028\u2029]+/gu, ' ').trim()

/** A Space's long name gives way to what the mail is about. */
const fitting = (subject: (name: string) => string, name: string): string => {
  const whole = [...subject(name)]
  if (whole.length <= LONGEST_SUBJECT) return whole.join('')
  const room = Math.max(1, [...name].length - (whole.length - LONGEST_SUBJECT) - 1)
  return [...subject(`${[...name].slice(0, room).join('').trimEnd()}…`)].slice(0, LONGEST_SUBJECT).join('')
}

const qrAttachment = (link: string) => ({
  cid: QR_CID,
  filename: 'qr.png',
  content: Buffer.from(qrPng(link, { level: 'M' })),
  contentType: 'image/png',
})

/** Codes, links, and the tokens at the ends of links. */
const doorOpeners = (data: MessageData): string[] =>
  Object.entries(data).flatMap(([name, value]) =>
    typeof value === 'string' && opensDoors(name) ? [value, value.split('/').at(-1) ?? ''] : [],
  )
