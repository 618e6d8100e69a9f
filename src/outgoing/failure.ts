export type OutgoingReason =
  | 'forbidden' // no such destination is allowed, or none of its addresses
  | 'unresolved' // the name has no address, or nobody says which
  | 'unreachable' // no address takes a connection
  | 'encryption' // no TLS, or a certificate that does not hold for the name
  | 'broken' // the connection ended before an answer, or what came is no HTTP
  | 'late' // no answer in time
  | 'aborted' // whoever asked has lost interest

/** Why nothing came back. The message may be kept and shown: of the destination it names host and port alone. */
export class OutgoingFailure extends Error {
  override readonly name = 'OutgoingFailure'
  readonly reason: OutgoingReason
  /** What the system says of it, without any word of ours. */
  readonly said: string | null
  constructor(reason: OutgoingReason, message: string, said: string | null = null) {
    super(message)
    this.reason = reason
    this.said = said
  }
}
