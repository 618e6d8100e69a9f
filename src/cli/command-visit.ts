import type { Config } from '../config/config.ts'
import { spaceOrigin } from '../config/links.ts'
import type { Space } from '../nouns/space.ts'
import type { Visit } from '../nouns/visit.ts'

/** What accounts say of where they were made: no request made them. */
const LOCAL_ADDRESS = '127.0.0.1'

/**
 * A command in a Space, as use cases see a request. Nobody is signed in: whoever may read the database of this
 * installation may do all that its administrators may, and the audit log knows them as the system does.
 */
export const commandVisit = (config: Config, space: Space): Visit => ({
  space,
  caller: null,
  session: null,
  address: LOCAL_ADDRESS,
  network: LOCAL_ADDRESS,
  userAgent: 'sipkeeper',
  from: null,
  language: 'en',
  chosenLanguage: null,
  input: {},
  path: '',
  head: false,
  isCrossSite: false,
  isPage: false,
  id: 'command line',
  secure: spaceOrigin(config, space.host).startsWith('https:'),
  baseUrl: ({ host } = space) => spaceOrigin(config, host),
})
