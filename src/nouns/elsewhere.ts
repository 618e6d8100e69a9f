import type { Space } from './space.ts'
import type { Visit } from './visit.ts'

/** A visit as if it had come to another Space; all else is as it was. */
class Elsewhere implements Visit {
  readonly space: Space
  readonly #visit: Visit

  constructor(visit: Visit, space: Space) {
    this.#visit = visit
    this.space = space
  }

  get caller() {
    return this.#visit.caller
  }

  get session() {
    return this.#visit.session
  }

  get address() {
    return this.#visit.address
  }

  get network() {
    return this.#visit.network
  }

  get userAgent() {
    return this.#visit.userAgent
  }

  get from() {
    return this.#visit.from
  }

  get language() {
    return this.#visit.language
  }

  get chosenLanguage() {
    return this.#visit.chosenLanguage
  }

  get input() {
    return this.#visit.input
  }

  get path() {
    return this.#visit.path
  }

  get head() {
    return this.#visit.head
  }

  get isCrossSite() {
    return this.#visit.isCrossSite
  }

  get isPage() {
    return this.#visit.isPage
  }

  get id() {
    return this.#visit.id
  }

  get secure() {
    return this.#visit.secure
  }

  baseUrl(space: Pick<Space, 'host'> = this.space) {
    return this.#visit.baseUrl(space)
  }
}

/**
 * For super administrators, who do in every Space what its own administrators do, from the host of theirs. Whether the
 * caller may is settled before: `administration/scope/scope.ts` is the one place that asks for it.
 */
export const inSpace = (visit: Visit, space: Space): Visit =>
  visit.space.id === space.id ? visit : new Elsewhere(visit, space)
