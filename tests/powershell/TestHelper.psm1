# What the specifications share: the staged module, a simulator of their own, and a look at what arrived there.
Set-StrictMode -Version Latest

$root = [IO.Path]::GetFullPath("$PSScriptRoot/../..")
$simulator = $null
$addresses = $null

# The folder of the staged module.
function Get-ModulePath {
    if ($env:JCSDK_MODULE) { return [IO.Path]::GetFullPath($env:JCSDK_MODULE) }
    Get-ChildItem "$root/out/JumpCloudApiSdkV1" -Directory | Sort-Object { [version]$_.Name } | Select-Object -Last 1 -ExpandProperty FullName
}

function Import-TestModule {
    Import-Module "$(Get-ModulePath)/JumpCloudApiSdkV1.psd1" -Force -Global
}

# Starts a simulator and points the session's configuration to it.
function Start-Simulator([string[]]$Argument) {
    $path = if ($env:JCSDK_SIMULATOR) { $env:JCSDK_SIMULATOR } else { "$root/target/debug/simulator" }
    $start = [Diagnostics.ProcessStartInfo]::new($path)
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $Argument | Where-Object { $_ } | ForEach-Object { $start.ArgumentList.Add($_) }
    $script:simulator = [Diagnostics.Process]::Start($start)
    $script:addresses = $script:simulator.StandardOutput.ReadLine() | ConvertFrom-Json
    Reset-Configuration
    $script:addresses
}

function Stop-Simulator {
    $script:simulator.StandardInput.Close()
    $script:simulator.WaitForExit()
    foreach ($name in 'JCApiKey', 'JCOrgId', 'JCEnvironment', 'JCApiUrl', 'SSL_CERT_FILE', 'HTTPS_PROXY', 'NO_PROXY') {
        [Environment]::SetEnvironmentVariable($name, $null)
    }
}

function Reset-Configuration {
    $env:JCApiKey = 'simulator-key'
    $env:JCApiUrl = $script:addresses.https
    $env:SSL_CERT_FILE = $script:addresses.ca
    $env:JCOrgId = $env:JCEnvironment = $env:HTTPS_PROXY = $env:NO_PROXY = $null
    Clear-Arrived
}

function Clear-Arrived {
    $null = Invoke-RestMethod "$($script:addresses.admin)/log" -Method Delete
    $null = Invoke-RestMethod "$($script:addresses.admin)/faults" -Method Delete
}

# Each request that has arrived since, in order.
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

function Set-Fault([string]$Id, [string]$Script) {
    $null = Invoke-RestMethod "$($script:addresses.admin)/users/$Id" -Method Put
    $null = Invoke-RestMethod "$($script:addresses.admin)/faults/$Id" -Method Put -Body $Script -ContentType application/json
}

function Add-User([string[]]$Id) {
    foreach ($one in $Id) { $null = Invoke-RestMethod "$($script:addresses.admin)/users/$one" -Method Put }
}

# Runs a call that is given as text, as a user would type it; R is the command. What came out of each stream.
function Invoke-Form([string]$Form) {
    $ErrorActionPreference = $WarningPreference = 'Continue'
    Set-Alias R Reset-JcSdkSystemUserMfa
    $typedUser = [JumpCloudApiSdkV1.Models.JumpCloudApIsIdentity]@{ Id = 'ok-1' }
    $typedBody = [JumpCloudApiSdkV1.Models.BodyParameterSystemUserMfaResetRequestBody]@{ Exclusion = $true }
    $null = $typedUser, $typedBody # read by the forms
    $all = @(try { & ([scriptblock]::Create($Form)) 2>&1 3>&1 4>&1 } catch { $_ })
    [pscustomobject]@{
        Output   = @($all | Where-Object { $_ -isnot [Management.Automation.ErrorRecord] -and $_ -isnot [Management.Automation.InformationalRecord] })
        Errors   = @($all | Where-Object { $_ -is [Management.Automation.ErrorRecord] })
        Warnings = @($all | Where-Object { $_ -is [Management.Automation.WarningRecord] } | ForEach-Object { $_.Message })
        Verbose  = @($all | Where-Object { $_ -is [Management.Automation.VerboseRecord] } | ForEach-Object { $_.Message })
    }
}

# Runs a script in a process of its own, with the module imported: its text output, and its exit code.
function Invoke-Shell([string]$Script, [string[]]$Argument, [string]$InputText, [hashtable]$Environment = @{}) {
    $start = [Diagnostics.ProcessStartInfo]::new("$PSHOME/pwsh")
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    foreach ($name in $Environment.Keys) { $start.Environment[$name] = $Environment[$name] }
    $import = "Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; Set-Alias R Reset-JcSdkSystemUserMfa; "
    foreach ($one in @('-NoProfile') + @($Argument | Where-Object { $_ }) + '-Command', ($import + $Script)) { $start.ArgumentList.Add($one) }
    $process = [Diagnostics.Process]::Start($start)
    $failed = $process.StandardError.ReadToEndAsync()
    $process.StandardInput.Write($InputText)
    $process.StandardInput.Close()
    $text = $process.StandardOutput.ReadToEnd() + $failed.Result
    $process.WaitForExit()
    [pscustomobject]@{ Text = $text -replace '\x1b\[[0-9;]*m'; ExitCode = $process.ExitCode }
}

function ConvertTo-Secret([string]$Text) {
    $secret = [securestring]::new()
    $Text.ToCharArray() | ForEach-Object { $secret.AppendChar($_) }
    $secret
}
