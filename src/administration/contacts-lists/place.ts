import type { ContactsList } from '../../address-books/contacts-lists/contacts-lists.ts'
import type { Space } from '../../nouns/space.ts'
import type { Crumb } from '../../panel/components/head.tsx'
import type { Translate } from '../../panel/kit.tsx'
import { OWN_SPACE } from '../scope/scope.ts'

/** Whose lists they are, and whether that is the caller's own Space. */
export interface OfSpace {
  readonly space: Space
  readonly isOwn: boolean
}

export interface OneList extends OfSpace {
  readonly list: ContactsList
}

export const listsPath = ({ space, isOwn }: OfSpace, rest = ''): string =>
  `/admin/spaces/${isOwn ? OWN_SPACE : space.id}/contacts_lists${rest}`

/** Below one list; `rest` begins with a slash. */
export const listPath = (of: OneList, rest = ''): string => listsPath(of, `/${of.list.id}${rest}`)

export const aboveLists = (t: Translate, of: OfSpace): readonly Crumb[] => [[t('contacts_lists.title'), listsPath(of)]]

export const aboveList = (t: Translate, of: OneList): readonly Crumb[] => [
  ...aboveLists(t, of),
  [of.list.title, listPath(of)],
]
