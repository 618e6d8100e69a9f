import type { OutgoingMessage } from '../outbox/messages.ts'

/** STARTTLS where it is offered, STARTTLS or nothing, TLS from the first byte, or no encryption. */
export const ENCRYPTIONS = ['auto', 'starttls', 'tls', 'none'] as const
export type Encryption = (typeof ENCRYPTIONS)[number]

/** Where mails are handed in. `spaceId` null: the instance's own server. */
export interface MailServer {
  readonly spaceId: number | null
  readonly host: string
  readonly port: number
  readonly username: string | null
  readonly password: string | null
  /** null: as `MAIL_ENCRYPTION` says. */
  readonly encryption: Encryption | null
  /** Whether its certificate is looked at; null: as the settings of the instance say. */
  readonly verifyCertificate: boolean | null
}

/** A mail that is written and addressed, as nodemailer takes it. */
export interface Letter {
  readonly messageId: string
  readonly date: Date
  readonly from: { readonly name: string; readonly address: string }
  readonly to: { readonly name: string; readonly address: string }
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly headers: Record<string, string>
  readonly attachments: Attachment[]
}

/** A picture that the text shows by its `cid`, or a file that goes along. */
interface Attachment {
  cid?: string
  filename: string
  content: Buffer
  contentType: string
}

/**
 * What goes with a mail beside its words, and to whom by now: looked at when it is sent. Rejects with `PermanentFailure`
 * when there is nothing to send any more.
 */
export type Enclosures = (
  message: OutgoingMessage,
) => Promise<{ readonly recipient: string; readonly attachments: Attachment[] }>

/** `C`: our line, `S`: the server's. */
export type Heard = (who: 'C' | 'S', line: string) => void

/** One way for mails to leave. */
export interface Driver {
  /** What operators read of where a mail goes. */
  name(server: MailServer): string
  /** Whether `MAIL_HOST`, or a server of the Space, has a say. */
  readonly needsServer: boolean
  /**
   * Resolves to what the other side said when it took the mail. `heard` is told each line that is spoken, ours without
   * secrets; the connection is one of its own then.
   */
  send(letter: Letter, server: MailServer, heard?: Heard): Promise<string>
  /** Connects and signs in; rejects when that fails. */
  check(server: MailServer): Promise<void>
  close(): Promise<void>
}
