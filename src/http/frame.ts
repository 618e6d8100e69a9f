import type { MessageId } from '../messages/messages.ts'

/** What surrounds a page. */
export interface Frame {
  readonly menu: readonly { readonly path: string; readonly label?: MessageId }[]
  /** The page's own, with its query, below the base path. */
  readonly path: string
  /** For the forms of the frame; null: nobody is signed in. */
  readonly formToken: string | null
  /** What is said once, about what was just done. */
  readonly flash: MessageId | null
}
