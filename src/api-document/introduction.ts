interface Chapter {
  readonly title: string
  readonly text: string
}

/** What holds for every route. `code` is written as in Markdown. */
export const INTRODUCTION: readonly Chapter[] = [
  {
    title: 'Hosts and Spaces',
    text: 'A Space is one host and one SIP domain. The host of a request decides which Space it is about: an unknown host is 404, an expired Space 403. What belongs to another Space is not found here, not even by a super administrator, but for the two look-ups of a SIP proxy: with a super administrator’s key they find the accounts of every Space.',
  },
  {
    title: 'Who is calling',
    text: 'An account proves who it is with an API key in the header `x-api-key` (or the cookie of that name), or with DIGEST (RFC 7616, MD5 or SHA-256): the header `From` holds its SIP address, as in `From: sip:alice01@sip.example.org`, and the 401 brings the challenge. Some routes are open to everybody; others want any account, an administrator of the Space, or a super administrator, who is an administrator of a super Space. A key with a name may do what its scope allows, and nothing that its owner may not: `full` all of that, `read` what only looks and shows nothing that opens an account, `telephony` what a SIP proxy reports and asks, `provisioning` links and tokens that set up phones. Each route says which will do (`x-api-key-scopes`); a scope that is too small is 403.',
  },
  {
    title: 'Requests and replies',
    text: 'Bodies are JSON with `content-type: application/json`; forms are understood, too. Blanks around texts are taken off, except in passwords, and an empty text counts as null. Members that nobody asks for are ignored. Replies in JSON say exactly `application/json`. Moments are UTC.',
  },
  {
    title: 'Refusals',
    text: 'Whatever is refused comes with a `message` for people. A body that is understood and refused (422) has `errors` as well: for each member the list of what is wrong with it, all mistakes at once. A method that a path does not know is 405 with `Allow`. Trouble of ours is 500 with `x-request-id`, which stands in our log.',
  },
  {
    title: 'Languages',
    text: 'Messages are English or French, as `Accept-Language` asks. This document is English.',
  },
  {
    title: 'Limits',
    text: 'Calls are counted for each account, for each key with a name, and for each address where no account was proven: 429 tells in `Retry-After` how many seconds to wait, and `X-RateLimit-Remaining` what is left of `X-RateLimit-Limit` in this minute. Guessing is limited more tightly. A body may have 1 MiB (413).',
  },
]
