import type { Caller } from '../nouns/caller.ts'
import type { Space } from '../nouns/space.ts'
import type { Visit } from '../nouns/visit.ts'
import type { TaskRow } from './store.ts'

/** The visit of whoever started the task, as its steps see it: what they record has the request that began it. */
export const taskVisit = (
  { origin }: Pick<TaskRow, 'origin'>,
  space: Space,
  caller: Caller | null,
  originOf: (host: string) => string,
): Visit => ({
  space,
  caller,
  session: null,
  address: origin.address,
  network: origin.network,
  userAgent: origin.userAgent,
  from: null,
  language: origin.language,
  chosenLanguage: null,
  input: {},
  path: '',
  head: false,
  isCrossSite: false,
  isPage: origin.isPage,
  id: origin.request,
  secure: originOf(space.host).startsWith('https:'),
  baseUrl: ({ host } = space) => originOf(host),
})
