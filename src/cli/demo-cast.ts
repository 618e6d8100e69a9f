/** Who plays in a demonstration. Domains and numbers are those that are reserved for examples and for fiction. */

export interface DemoPerson {
  readonly username: string
  readonly name: string
  readonly email: string
  /** Not everybody has a number of their own. */
  readonly phone: string | null
  readonly extension: string
  /** Of those who have not set their phone up yet. */
  readonly isWaiting: boolean
  /** Besides the first administrator of the Space. */
  readonly isAdministrator: boolean
}

export interface DemoSpace {
  readonly domain: string
  readonly name: string
  readonly isSuper: boolean
  /** User name of its administrator, who is one of its accounts. */
  readonly administrator: string
  readonly people: readonly DemoPerson[]
  /** What its operator has agreed with a customer: how many accounts, and for how many days from now. */
  readonly limits: { readonly accounts: number; readonly days: number } | null
  /** Lists of contacts: title, what it is for, and every how many persons one belongs to it. */
  readonly lists: readonly (readonly [title: string, description: string, every: number])[]
}

const OPERATORS =
  'Nora Vidal, Hugo Marchand, Amira Haddad, Jonas Keller, Inès Fabre, Tom Whitaker, Lucie Perrot, Samuel Osei, Greta Lindholm, Paul Renaud, Mei Tanaka'

const STAFF =
  'Marie Lefèvre, Antoine Lefèvre, Chloé Garnier, Karim Benali, Sophie Roux, Julien Moreau, Elena Petrova, David Nguyen, Camille Blanc, Marc Dubois, Fatou Diallo, Pierre Lambert, Laura Rossi, Nicolas Girard, Aïcha Mansour, Thomas Bonnet, Manon Faure, Olivier Mercier, Zoé Chevalier, Bruno Almeida, Claire Fontaine, Yann Le Goff, Hannah Weber, Mathieu Robin, Jeanne Colin, Rachid Toumi, Alice Gauthier, Victor Masson, Emma Schmitt, Louis Barbier, Sarah Cohen, Adrien Picard, Nadia Kowalska, Simon Leroy, Margot Aubert, Felix Brandt, Pauline Rey'

const plain = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z]+/g, '.')

const peopleOf = (names: string, domain: string, first: number): DemoPerson[] =>
  names.split(', ').map((name, index) => ({
    username: plain(name),
    name,
    email: `${plain(name)}@${domain}`,
    phone: index % 5 < 3 ? `+3335301${String(first * 10 + index).padStart(4, '0')}` : null,
    extension: String(first + index),
    isWaiting: index % 12 === 9,
    isAdministrator: index % 12 === 1,
  }))

/** Fifty accounts with their two administrators. */
export const DEMO_SPACES: readonly [operator: DemoSpace, customer: DemoSpace] = [
  {
    domain: 'telecom.example',
    name: 'Example Telecom',
    isSuper: true,
    administrator: 'admin',
    people: peopleOf(OPERATORS, 'telecom.example', 201),
    limits: null,
    lists: [['Support', 'Who answers when customers call.', 2]],
  },
  {
    domain: 'lefevre.example',
    name: 'Atelier Lefèvre',
    isSuper: false,
    administrator: 'office',
    people: peopleOf(STAFF, 'lefevre.example', 101),
    limits: { accounts: 60, days: 26 },
    lists: [
      ['Workshop', 'Everybody who stands at a machine.', 2],
      ['Shop', 'The counter, and who stands in for it.', 5],
      ['Management', 'To be called when the alarm goes off.', 9],
    ],
  },
]

/** Of the customer: whom the demonstration lets somebody sign in as. */
export const DEMO_PERSON = 'marie.lefevre'

/** Of the customer: left the company, and lost a phone. */
export const DEMO_LEFT = ['victor.masson', 'adrien.picard']
export const DEMO_BLOCKED = ['bruno.almeida', 'felix.brandt']

/** Where calls of some of the customer's people go instead. */
export const DEMO_FORWARDINGS = [
  ['marie.lefevre', { type: 'no_answer', forward_to: 'voicemail', enabled: true }],
  ['marie.lefevre', { type: 'busy', forward_to: 'sip_uri', sip_uri: 'sip:office@lefevre.example', enabled: true }],
  ['sophie.roux', { type: 'always', forward_to: 'sip_uri', sip_uri: 'sip:marc.dubois@lefevre.example', enabled: true }],
  ['karim.benali', { type: 'no_answer', forward_to: 'voicemail', enabled: true }],
  ['laura.rossi', { type: 'always', forward_to: 'voicemail', enabled: false }],
] as const

/** Messages that callers left: for whom, from whom, seconds, and on which day of the week before at which hour. */
export const DEMO_VOICEMAILS = [
  ['marie.lefevre', 'sip:+33199001204@carrier.example', 9, 2, 9],
  ['karim.benali', 'sip:chloe.garnier@lefevre.example', 4, 3, 11],
  ['marie.lefevre', 'sip:sophie.roux@lefevre.example', 6, 4, 16],
  ['elena.petrova', 'sip:+33199001877@carrier.example', 12, 5, 10],
  ['marie.lefevre', 'sip:nora.vidal@telecom.example', 3, 6, 14],
] as const
