# On the way from import to result only the engine and .NET are used: a cmdlet of another module would cost
# up to 100 ms, and could be shadowed by a function of the session.
# The manifest loads the assembly: to do it here takes 15 ms more. Each build's has a name of its own, which build.ps1
# puts here with the version, so that it always loads; but a type's name means the first one that was loaded, and this
# script would run that one's code.
if ([JumpCloudApiSdkV1.Models.IJumpCloudApIsIdentity].Assembly.FullName -notlike 'JumpCloudApiSdkV1.Interop.BUILD, *') {
    throw 'JumpCloudApiSdkV1 0.0.0 cannot be loaded beside another version or build of it, or another module of this name, which this session already uses. Start a new PowerShell.'
}

function Reset-JcSdkSystemUserMfa {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSShouldProcess', '', Justification = 'ResetRun.Offer calls it.')]
    [CmdletBinding(DefaultParameterSetName = 'ResetExpanded', PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium',
        HelpUri = 'https://docs.microsoft.com/en-us/powershell/module/jumpcloudapisdkv1/reset-jcsdksystemusermfa')]
    [OutputType([string], [JumpCloudApiSdkV1.Models.ResetResult], [bool])]
    param(
        [Parameter(ParameterSetName = 'ResetExpanded', Mandatory, HelpMessage = 'The id of the user in JumpCloud.')]
        [Parameter(ParameterSetName = 'Reset', Mandatory, HelpMessage = 'The id of the user in JumpCloud.')]
        [string]$Id,

        [Parameter(ParameterSetName = 'ResetViaUsernameExpanded', Mandatory, HelpMessage = 'The username or the e-mail address of the user. The user is looked up first.')]
        [Alias('Email')]
        [string]$Username,

        [Parameter(ParameterSetName = 'ResetViaIdentityExpanded', Mandatory, ValueFromPipeline, HelpMessage = 'The user: an id or an e-mail address, or an object with Id, UserId, SystemuserId or _id, or with Username or Email.')]
        [Parameter(ParameterSetName = 'ResetViaIdentity', Mandatory, ValueFromPipeline, HelpMessage = 'The user: an id or an e-mail address, or an object with Id, UserId, SystemuserId or _id, or with Username or Email.')]
        [JumpCloudApiSdkV1.Models.IJumpCloudApIsIdentity]$InputObject,

        [Parameter(ParameterSetName = 'ResetViaIdentity', Mandatory, ValueFromPipeline, HelpMessage = 'Exclusion and ExclusionUntil as a hashtable, an object or JSON.')]
        [Parameter(ParameterSetName = 'Reset', Mandatory, ValueFromPipeline, HelpMessage = 'Exclusion and ExclusionUntil as a hashtable, an object or JSON.')]
        [JumpCloudApiSdkV1.Models.IBodyParameterSystemUserMfaResetRequestBody]$Body,

        [Parameter(ParameterSetName = 'ResetViaIdentityExpanded', HelpMessage = 'Lets the user in without MFA until the enrollment period ends.')]
        [Parameter(ParameterSetName = 'ResetExpanded', HelpMessage = 'Lets the user in without MFA until the enrollment period ends.')]
        [Parameter(ParameterSetName = 'ResetViaUsernameExpanded', HelpMessage = 'Lets the user in without MFA until the enrollment period ends.')]
        [switch]$Exclusion,

        [Parameter(ParameterSetName = 'ResetViaIdentityExpanded', HelpMessage = 'When the enrollment period ends. A user who has not set up MFA by then is locked out.')]
        [Parameter(ParameterSetName = 'ResetExpanded', HelpMessage = 'When the enrollment period ends. A user who has not set up MFA by then is locked out.')]
        [Parameter(ParameterSetName = 'ResetViaUsernameExpanded', HelpMessage = 'When the enrollment period ends. A user who has not set up MFA by then is locked out.')]
        [JumpCloudApiSdkV1.Interop.MomentTransformation()]
        [datetime]$ExclusionUntil,

        [Parameter(ParameterSetName = 'ResetViaIdentityExpanded', HelpMessage = 'Ends the enrollment period this many days from now, 1 to 365; instead of -ExclusionUntil.')]
        [Parameter(ParameterSetName = 'ResetExpanded', HelpMessage = 'Ends the enrollment period this many days from now, 1 to 365; instead of -ExclusionUntil.')]
        [Parameter(ParameterSetName = 'ResetViaUsernameExpanded', HelpMessage = 'Ends the enrollment period this many days from now, 1 to 365; instead of -ExclusionUntil.')]
        [ValidateRange(1, 365)]
        [int]$ExclusionDays,

        [Parameter(HelpMessage = 'Returns true for each user who was reset.')]
        [switch]$PassThru,

        [Parameter(HelpMessage = 'Returns a ResetResult for each user, also for those who were not reset.')]
        [switch]$Detailed,

        [Parameter(HelpMessage = 'How many requests may be on their way at once, 1 to 256.')]
        [ValidateRange(1, 256)]
        [int]$ThrottleLimit = 1,

        [Parameter(HelpMessage = 'A file that keeps what became of each user, so that a run which was broken off can be gone on with.')]
        [ValidateNotNullOrEmpty()]
        [string]$JournalPath,

        [Parameter(HelpMessage = 'Goes on where the journal ends: whom an earlier run has reset, or may have reset, is not sent.')]
        [switch]$Resume,

        [Parameter(HelpMessage = 'With -Resume: also sends those whom an earlier run may have reset. Look them up first.')]
        [switch]$RetryUnknown,

        [Parameter(HelpMessage = 'The API key for this call, instead of $env:JCApiKey.')]
        [JumpCloudApiSdkV1.Interop.SecretTransformation()]
        [ValidateNotNull()]
        [securestring]$ApiKey,

        [Parameter(HelpMessage = 'The organization for this call, instead of $env:JCOrgId.')]
        [ValidateNotNullOrEmpty()]
        [string]$OrgId,

        [Parameter(HelpMessage = 'The region for this call, instead of $env:JCApiUrl and $env:JCEnvironment: STANDARD, EU or IN.')]
        [ArgumentCompletions('STANDARD', 'EU', 'IN')]
        [ValidateNotNullOrEmpty()]
        [string]$Environment,

        [Parameter(HelpMessage = 'Seconds that one user may take, retries included, 1 to 3600.')]
        [ValidateRange(1, 3600)]
        [int]$TimeoutSec,

        [Parameter(HelpMessage = 'How often a request that surely did nothing is sent again, 0 to 100.')]
        [ValidateRange(0, 100)]
        [int]$MaximumRetryCount,

        [Parameter(HelpMessage = 'Sends an ExclusionUntil that has passed, which locks the user out at once, or that is in the year 2400 or later.')]
        [switch]$Force,

        [Parameter(HelpMessage = 'An http proxy for this call, as in http://proxy.example:3128.')]
        [ValidateNotNull()]
        [uri]$Proxy,

        [Parameter(HelpMessage = 'User and password for the proxy.')]
        [pscredential]
        [Management.Automation.Credential()]
        $ProxyCredential
    )

    begin {
        $run = $null
        # In another language mode no method of the module's own types can be called.
        if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
            throw "JumpCloudApiSdkV1 needs PowerShell's Full Language mode, and this session runs in $($ExecutionContext.SessionState.LanguageMode). Ask the administrator of this computer to trust the module."
        }
        # A script module does not see its caller's preferences by itself. A host may have none: then the shell's defaults count.
        $bound = $PSBoundParameters
        if (-not $bound.ContainsKey('WhatIf')) { $WhatIfPreference = $PSCmdlet.GetVariableValue('WhatIfPreference') ?? $false }
        if (-not $bound.ContainsKey('Confirm')) { $ConfirmPreference = $PSCmdlet.GetVariableValue('ConfirmPreference') ?? 'High' }
        if (-not $bound.ContainsKey('ErrorAction')) { $ErrorActionPreference = $PSCmdlet.GetVariableValue('ErrorActionPreference') ?? 'Continue' }
        if (-not $bound.ContainsKey('WarningAction')) { $WarningPreference = $PSCmdlet.GetVariableValue('WarningPreference') ?? 'Continue' }
        if (-not $bound.ContainsKey('InformationAction')) { $InformationPreference = $PSCmdlet.GetVariableValue('InformationPreference') ?? 'SilentlyContinue' }
        if (-not $bound.ContainsKey('ProgressAction')) { $ProgressPreference = $PSCmdlet.GetVariableValue('ProgressPreference') ?? 'Continue' }
        if (-not $bound.ContainsKey('Verbose')) { $VerbosePreference = $PSCmdlet.GetVariableValue('VerbosePreference') ?? 'SilentlyContinue' }
        if (-not $bound.ContainsKey('Debug')) { $DebugPreference = $PSCmdlet.GetVariableValue('DebugPreference') ?? 'SilentlyContinue' }

        $run = [JumpCloudApiSdkV1.Interop.ResetRun]::Begin($PSCmdlet, $ErrorActionPreference, $ProgressPreference, $VerbosePreference)
    }

    process {
        # No loop may stand round what is written: it would catch the caller's break and continue. ResetRun writes it all.
        # What the caller's script block after this command throws goes on to the caller, also under
        # -ErrorAction SilentlyContinue, where throw alone would not end this function.
        $thrown = $run.Process($Id, $Username, $InputObject, $Body)
        if ($null -ne $thrown) { $ErrorActionPreference = 'Stop'; throw $thrown }
    }

    end {
        $thrown = $run.End()
        if ($null -ne $thrown) { $ErrorActionPreference = 'Stop'; throw $thrown }
    }

    clean {
        if ($null -ne $run) { $run.Finish() }
    }
}
