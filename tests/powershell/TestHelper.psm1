# What the tests share: the staged module, a simulator for each file, and the requests that arrived there.
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'They change what belongs to the test.')]
param()

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$root = [IO.Path]::GetFullPath("$PSScriptRoot/../..")
$script:simulator = $null
$script:addresses = $null

# The folder of the staged module.
function Get-ModulePath {
    if ($env:JCSDK_MODULE) { return [IO.Path]::GetFullPath($env:JCSDK_MODULE) }
    Get-ChildItem "$root/out/JumpCloudApiSdkV1" -Directory | Sort-Object { [version]$_.Name } | Select-Object -Last 1 -ExpandProperty FullName
}

function Import-TestModule {
    $module = Import-Module "$(Get-ModulePath)/JumpCloudApiSdkV1.psd1" -Force -Global -PassThru
    # The module does not set it by itself, because that takes milliseconds at import; it has to be clean under it.
    & $module { Set-StrictMode -Version Latest }
}

# Port 0: a call that comes too early or too late must not reach the real service.
function Clear-Configuration {
    # Also the proxies for http, or Invoke-RestMethod would send requests for the simulator through them.
    foreach ($name in 'JCApiKey', 'JCOrgId', 'JCEnvironment', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy', 'SSL_CERT_FILE', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy') {
        [Environment]::SetEnvironmentVariable($name, [NullString]::Value)
    }
    $env:JCApiUrl = 'https://127.0.0.1:0'
}
Clear-Configuration

# Starts a simulator and points the session's configuration to it.
function Start-Simulator([string[]]$Argument) {
    $path = if ($env:JCSDK_SIMULATOR) { $env:JCSDK_SIMULATOR } else { "$root/target/debug/simulator$(if ($IsWindows) { '.exe' })" }
    $start = [Diagnostics.ProcessStartInfo]::new($path)
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $Argument | Where-Object { $_ } | ForEach-Object { $start.ArgumentList.Add($_) }
    $script:simulator = [Diagnostics.Process]::Start($start)
    $ready = $script:simulator.StandardOutput.ReadLine()
    if (-not $ready) { throw "The simulator '$path' did not start." }
    $script:addresses = $ready | ConvertFrom-Json
    Reset-Configuration
    $script:addresses
}

function Stop-Simulator {
    Clear-Configuration
    if ($null -eq $script:simulator) { return }
    $script:simulator.StandardInput.Close()
    $script:simulator.WaitForExit()
    $script:simulator = $null
}

function Reset-Configuration {
    Clear-Configuration
    $env:JCApiKey = 'simulator-key'
    $env:JCApiUrl = $script:addresses.https
    $env:SSL_CERT_FILE = $script:addresses.ca
    Clear-Arrived
}

function Clear-Arrived {
    $null = Invoke-RestMethod "$($script:addresses.admin)/log" -Method Delete
    $null = Invoke-RestMethod "$($script:addresses.admin)/faults" -Method Delete
}

# Each request that has arrived since Clear-Arrived, in order.
function Get-Arrived {
    @(Invoke-RestMethod "$($script:addresses.admin)/log" | ForEach-Object { $_ })
}

# The same as "id body" lines.
function Get-ArrivedText {
    @(Get-Arrived | ForEach-Object { "$($_.id) $($_.body)" })
}

function Get-SimulatorState {
    Invoke-RestMethod "$($script:addresses.admin)/stats"
}

# For a user who is there, or for `search:` and a name.
function Set-AnswerFault([string]$Of, [string]$Script) {
    $null = Invoke-RestMethod "$($script:addresses.admin)/faults/$Of" -Method Put -Body $Script -ContentType application/json
}

# Makes the user anew, without names of its own.
function Set-Fault([string]$Id, [string]$Script) {
    Add-User $Id
    Set-AnswerFault $Id $Script
}

function Wait-Until([scriptblock]$Condition) {
    $limit = [DateTime]::UtcNow.AddSeconds(60)
    while (-not (& $Condition)) {
        if ([DateTime]::UtcNow -gt $limit) { throw "It did not happen in 60 s: $Condition" }
        Start-Sleep -Milliseconds 20
    }
}

function Add-User([string[]]$Id) {
    foreach ($one in $Id) { $null = Invoke-RestMethod "$($script:addresses.admin)/users/$one" -Method Put }
}

# Runs a call that is given as text, as a user would type it; R is the command. Returns the output of each stream.
function Invoke-Form([string]$Form) {
    $ErrorActionPreference = $WarningPreference = 'Continue'
    Set-Alias R Reset-JcSdkSystemUserMfa
    $typedUser = [JumpCloudApiSdkV1.Models.JumpCloudApIsIdentity]@{ Id = 'ok-1' }
    $typedBody = [JumpCloudApiSdkV1.Models.BodyParameterSystemUserMfaResetRequestBody]@{ Exclusion = $true }
    # Of types that are not the module's.
    class JcUser { [string]$Id; [string]$UserName; [object]$MfaExclusion; [object]$Exclusion }
    class NamedUser { [string]$Id }
    class NumberedUser { [int]$Id }
    $typedPerson = [JcUser]@{ Id = '5f0c1a2b3c4d5e6f7a8b9c0d'; MfaExclusion = $false }
    $typedName = [NamedUser]@{ Id = 'ok-1' }
    $typedNumber = [NumberedUser]@{ Id = 1 }
    $null = $typedUser, $typedBody, $typedPerson, $typedName, $typedNumber # read by the forms
    $all = @(try { & ([scriptblock]::Create($Form)) 2>&1 3>&1 4>&1 } catch { $_ })
    [pscustomobject]@{
        Output   = @($all | Where-Object { $_ -isnot [Management.Automation.ErrorRecord] -and $_ -isnot [Management.Automation.InformationalRecord] })
        Errors   = @($all | Where-Object { $_ -is [Management.Automation.ErrorRecord] })
        Warnings = @($all | Where-Object { $_ -is [Management.Automation.WarningRecord] } | ForEach-Object { $_.Message })
        Verbose  = @($all | Where-Object { $_ -is [Management.Automation.VerboseRecord] } | ForEach-Object { $_.Message })
    }
}

# Runs a script in a runspace of its own, whose host cannot ask anyone. Returns the output of each stream.
function Invoke-Runspace([string]$Code, [initialsessionstate]$State = [initialsessionstate]::CreateDefault()) {
    $shell = [powershell]::Create($State)
    $null = $shell.AddScript("Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; Set-Alias R Reset-JcSdkSystemUserMfa").AddStatement().AddScript($Code)
    $output = [Management.Automation.PSDataCollection[psobject]]::new()
    $thrown = try { $null = $shell.Invoke([Management.Automation.PSDataCollection[psobject]]::new(), $output) } catch { $_ }
    [pscustomobject]@{
        Output   = @($output)
        Thrown   = $thrown
        Errors   = @($shell.Streams.Error)
        Warnings = @($shell.Streams.Warning | ForEach-Object { $_.Message })
        Verbose  = @($shell.Streams.Verbose | ForEach-Object { $_.Message })
        Progress = @($shell.Streams.Progress)
    }
    $shell.Dispose()
}

# Windows has one time zone for all processes: a test changes what .NET has read of it, in its own process.
function Get-TimeZoneCode([string]$TimeZone) {
    $name = @{ 'America/New_York' = 'Eastern Standard Time'; 'UTC' = 'UTC' }[$TimeZone]
    "`$zones = [TimeZoneInfo].GetField('s_cachedData', 'NonPublic, Static').GetValue(`$null); " +
    "`$zones.GetType().GetField('_localTimeZone', 'NonPublic, Instance').SetValue(`$zones, [TimeZoneInfo]::FindSystemTimeZoneById('$name')); "
}

# Starts a script in a process of its own. The module is imported, unless -Module is empty: then the script has to find it.
function Start-Shell([string]$Script, [string[]]$Argument, [hashtable]$Environment = @{}, [string]$Module = (Get-ModulePath), [string[]]$Wrapper, [string]$TimeZone) {
    if (-not ([uri]$env:JCApiUrl).IsLoopback) { throw "JCApiUrl is '$env:JCApiUrl', not on this machine." }
    $program, $first = @($Wrapper | Where-Object { $_ }) + [Environment]::ProcessPath
    $start = [Diagnostics.ProcessStartInfo]::new($program)
    $first | Where-Object { $_ } | ForEach-Object { $start.ArgumentList.Add($_) }
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    foreach ($name in $Environment.Keys) { $start.Environment[$name] = $Environment[$name] }
    $import = if ($Module) {
        $manifest = [Management.Automation.WildcardPattern]::Escape("$Module/JumpCloudApiSdkV1.psd1") -replace "'", "''"
        "Import-Module '$manifest'; Set-Alias R Reset-JcSdkSystemUserMfa; "
    }
    if ($TimeZone) {
        if ($IsWindows) { $Script = (Get-TimeZoneCode $TimeZone) + $Script }
        else { $start.Environment['TZ'] = $TimeZone }
    }
    foreach ($one in @('-NoProfile') + @($Argument | Where-Object { $_ }) + '-Command', ($import + $Script)) { $start.ArgumentList.Add($one) }
    [Diagnostics.Process]::Start($start)
}

# Code that makes the module behave as before PowerShell 7.5, which does not show RecommendedAction.
function Get-OlderShell {
    '$advice = [JumpCloudApiSdkV1.Interop.ResetRun].Assembly.GetType("JumpCloudApiSdkV1.Interop.Advice"); $advice.GetProperty("ShellShowsIt", [Reflection.BindingFlags]"NonPublic,Static").SetValue($null, $false)'
}

# Runs a script in a process to its end. Returns its text output and its exit code.
function Invoke-Shell([string]$Script, [string[]]$Argument, [string]$InputText, [hashtable]$Environment = @{}, [string]$Module = (Get-ModulePath), [string[]]$Wrapper, [string]$TimeZone) {
    $process = Start-Shell $Script -Argument $Argument -Environment $Environment -Module $Module -Wrapper $Wrapper -TimeZone $TimeZone
    $failed = $process.StandardError.ReadToEndAsync()
    $process.StandardInput.Write($InputText)
    $process.StandardInput.Close()
    $text = $process.StandardOutput.ReadToEnd() + $failed.Result
    $process.WaitForExit()
    # Even redirected output may have colours, and NO_COLOR does not keep them from errors.
    [pscustomobject]@{ Text = $text -replace '\x1b\[[0-9;]*m'; ExitCode = $process.ExitCode }
}

# An error's text may be broken into lines anywhere between two words.
function ConvertTo-OneLine([string]$Text) { ($Text -replace '\s*\r?\n *\|? *', ' ').Trim() }

function ConvertTo-Secret([string]$Text) {
    $secret = [securestring]::new()
    $Text.ToCharArray() | ForEach-Object { $secret.AppendChar($_) }
    $secret
}
