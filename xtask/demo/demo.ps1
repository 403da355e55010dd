# What `cargo xtask demo` shows: each way to call the command, as one would type it, with what it prints.
param([string]$Module)

Set-StrictMode -Version Latest

# Each with what it shows.
$calls = [ordered]@{
    "Import-Module '$Module'"                                                                       = 'Load the module.'
    'Reset-JcSdkSystemUserMfa -Id ok-1'                                                             = 'A user by id. A reset that succeeds prints nothing.'
    'Reset-JcSdkSystemUserMfa -Id ok-2 -Exclusion -ExclusionUntil 2030-01-02T03:04:05Z'             = 'The user has until this date to set up TOTP again, and is locked out after it.'
    'Reset-JcSdkSystemUserMfa -Id ok-3 -Body @{ Exclusion = $true }'                                = 'The settings in a body, here an exclusion without a date.'
    "Reset-JcSdkSystemUserMfa -InputObject @{ Id = 'ok-4' }"                                        = 'A user by an object with an id.'
    "'ok-5', @{ Id = 'ok-6' } | Reset-JcSdkSystemUserMfa -Exclusion"                                = 'Users from the pipeline, as ids and as objects.'
    '@{ Exclusion = $true } | Reset-JcSdkSystemUserMfa -Id ok-7'                                    = 'A body from the pipeline.'
    'Reset-JcSdkSystemUserMfa -Username ok-8@example.com -PassThru'                                 = 'A user by username or e-mail address. With -PassThru it returns whether the user was reset.'
    'Reset-JcSdkSystemUserMfa -Id ok-9 -WhatIf'                                                     = 'With -WhatIf it only says what it would do.'
    "'ok-1', 'nobody', 'ok-4' | Reset-JcSdkSystemUserMfa -Detailed"                                 = 'With -Detailed it returns a result for each user. One bad id does not stop the others.'
    "'ok-1', 'ok-4' | Reset-JcSdkSystemUserMfa -JournalPath resets.jsonl"                           = 'With a journal, a run that was broken off can be resumed.'
    "'ok-1', 'ok-4', 'ok-8' | Reset-JcSdkSystemUserMfa -JournalPath resets.jsonl -Resume -Detailed" = 'Nobody is reset a second time.'
}

# For the journal.
$folder = [IO.Directory]::CreateTempSubdirectory('jcsdk-demo-')
Push-Location $folder.FullName

foreach ($call in $calls.GetEnumerator()) {
    "`n$($PSStyle.Dim)# $($call.Value)$($PSStyle.Reset)"
    "$($PSStyle.Bold)PS> $($call.Key)$($PSStyle.Reset)"
    # Errors go the same way, so that they stand below the call that caused them.
    . ([scriptblock]::Create($call.Key)) 2>&1 | Out-Default
}

Pop-Location
$folder.Delete($true)
