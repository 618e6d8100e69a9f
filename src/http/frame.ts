import type { MessageId } from '../messages/messages.ts'

/** Where a menu leads. */
export interface Place {
  readonly path: string
  /** Other paths whose pages are a part of it. */
  readonly also?: readonly string[]
  readonly label?: MessageId
  /** A name of `panel/components/icons.ts`. */
  readonly icon?: string
  /** What places in a row have in common; absent: nothing that has a name. */
  readonly group?: MessageId
  /** It is in the menu of the person, not in that of places. */
  readonly isPersonal?: boolean
}

/** What surrounds a page. */
export interface Frame {
  readonly menu: readonly Place[]
  /** The page's own, with its query, below the base path. */
  readonly path: string
  /** For the forms of the frame; null: nobody is signed in. */
  readonly formToken: string | null
  /** What is said once, about what was just done. */
  readonly flash: MessageId | null
}
