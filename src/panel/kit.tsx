import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { FieldMessages } from '../errors.ts'
import { type Language, type MessageId, type MessageValues, translate } from '../messages/messages.ts'
import type { Space } from '../nouns/space.ts'

export type Translate = (id: MessageId, values?: MessageValues) => string

/** What a page and its parts know of whom they are shown to. Pages are handed it, components find it by themselves. */
export interface Kit {
  /** A text of the catalogue in the visitor's language. */
  readonly t: Translate
  /** The address of a page or a file of ours, given its path below the base path. */
  readonly href: (path: string) => string
  readonly language: Language
  readonly space: Space
  /** What the browser says it is. */
  readonly userAgent: string | null
  /** The client's address, as the server sees it. */
  readonly address: string
  /** `https://accounts.example.org`, with the base path: for addresses that are copied elsewhere. */
  readonly home: string
  /** The app that phones are set up with, and the operator's own page to get it from. */
  readonly app: { readonly name: string; readonly download: string | null }
  /** What the page was asked with: its query, or the form that is shown again. */
  readonly input: Readonly<Record<string, unknown>>
  /** Somebody's own page, beside a menu; everybody else's is one narrow column. */
  readonly isSignedIn: boolean
  /** What was refused about the form that is shown again; empty at first. */
  readonly refused: FieldMessages
  /** For the hidden field of a form. Asked for, it makes the page bring a cookie to a browser that has none. */
  readonly formToken: () => string
}

/** What was refused about a form that nobody has sent yet. */
export const NOTHING_REFUSED: FieldMessages = new Map()

/** Texts in the visitor's language. */
export const texts =
  ({ language }: { readonly language: Language }): Translate =>
  (id, values) =>
    translate(language, values === undefined ? { id } : { id, values })

export const KitContext = createContext<Kit | null>(null)

/** The kit of the page that is being rendered. */
export const useKit = (): Kit => {
  const kit = useContext(KitContext)
  if (kit === null) throw new Error('A component was rendered outside of a page.')
  return kit
}
