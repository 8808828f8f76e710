# shellcheck shell=bash disable=SC2154,SC2034
# Guarded after it was lifted, and switched off at once.

guarded_again_nothing_signs_after_a_reset() {
    runs node accuser
    guard_is holds
    nothing_signed_at_boot
    seen 'the token stays away; guard status says holds'
}

prove guarded_again_nothing_signs_after_a_reset
next=end
