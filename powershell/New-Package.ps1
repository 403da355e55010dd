<#
.SYNOPSIS
Makes a .nupkg of a staged module, as Publish-PSResource and Install-PSResource take it, with licences and SHA-256 sums.
.DESCRIPTION
It holds the native libraries that are staged. Its SYSTEMS.txt says what each was tested on, and which are missing.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string]$Stage,

    [Parameter(Mandatory)]
    [string]$OutputPath,

    # The licences of the linked crates; else cargo is asked for them.
    [string]$NoticesPath,

    # Where the libraries come from: beside each stands what was tested with it.
    [string]$NativePath
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$root = [IO.Path]::GetDirectoryName($PSScriptRoot)
$manifestPath = [IO.Directory]::GetFiles($Stage, '*.psd1')[0]
$manifest = Import-PowerShellDataFile $manifestPath
$name = [IO.Path]::GetFileNameWithoutExtension($manifest.RootModule)
$version = $manifest.ModuleVersion
$package = "$OutputPath/$name.$version.nupkg"

function ConvertTo-XmlText([string]$Text) { [Security.SecurityElement]::Escape($Text) }

# With the systems that it works on, by which a gallery shows it to them.
function Get-Tag {
    $manifest.PrivateData.PSData.Tags | Where-Object { $_ -notin 'Linux', 'MacOS', 'Windows' }
    [IO.Directory]::GetDirectories("$Stage/runtimes") | ForEach-Object {
        switch -Wildcard ([IO.Path]::GetFileName($_)) { 'linux-*' { 'Linux' } 'osx-*' { 'MacOS' } 'win-*' { 'Windows' } }
    } | Sort-Object -Unique
}

function Get-Nuspec {
    $data = $manifest.PrivateData.PSData
    @"
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2011/08/nuspec.xsd">
  <metadata>
    <id>$name</id>
    <version>$version</version>
    <authors>$(ConvertTo-XmlText $manifest.Author)</authors>
    <owners>$(ConvertTo-XmlText $manifest.CompanyName)</owners>
    <requireLicenseAcceptance>false</requireLicenseAcceptance>
    <licenseUrl>$(ConvertTo-XmlText $data.LicenseUri)</licenseUrl>
    <description>$(ConvertTo-XmlText $manifest.Description)</description>
    <copyright>$(ConvertTo-XmlText $manifest.Copyright)</copyright>
    <releaseNotes>$(ConvertTo-XmlText $data.ReleaseNotes)</releaseNotes>
    <tags>$(ConvertTo-XmlText ($tags -join ' '))</tags>
  </metadata>
</package>
"@
}

function Add-Entry([IO.Compression.ZipArchive]$Archive, [string]$Path, [byte[]]$Content) {
    $entry = $Archive.CreateEntry($Path)
    # The same files give the same package.
    $entry.LastWriteTime = [DateTimeOffset]::new(2000, 1, 1, 0, 0, 0, [timespan]::Zero)
    $stream = $entry.Open()
    $stream.Write($Content, 0, $Content.Length)
    $stream.Dispose()
}

function Get-Sum([string]$Path) {
    [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([IO.File]::ReadAllBytes($Path))).ToLowerInvariant()
}

$tags = @(Get-Tag)
# In the manifest as well: Publish-PSResource -Path makes a nuspec of its own from it.
$list = "@('$($tags -join "', '")')"
[IO.File]::WriteAllText($manifestPath, [regex]::Replace([IO.File]::ReadAllText($manifestPath), '(?m)(?<=^ *Tags *= )@\(.*\)', $list))

# As 'cargo xtask natives' names them.
$systems = 'win-x64', 'win-arm64', 'linux-x64', 'linux-arm64', 'linux-musl-x64', 'linux-musl-arm64', 'osx-x64', 'osx-arm64'

function Get-SystemText([string]$Rid) {
    if (-not [IO.Directory]::Exists("$Stage/runtimes/$Rid/native")) { return "${Rid}: missing; 'cargo xtask natives --target $Rid' builds it" }
    $notes = "$NativePath/$Rid/tested.txt"
    if ($NativePath -and [IO.File]::Exists($notes)) { "${Rid}: $(([IO.File]::ReadAllLines($notes) | Where-Object { $_ }) -join '; ')" }
    else { "${Rid}: built; this file was not run by a test" }
}

$null = [IO.Directory]::CreateDirectory($OutputPath)
[IO.File]::WriteAllLines("$Stage/SYSTEMS.txt", [string[]]@($systems | ForEach-Object { Get-SystemText $_ }))
[IO.File]::Copy("$root/LICENSE", "$Stage/LICENSE", $true)
if (-not $NoticesPath) {
    $NoticesPath = "$root/out/NOTICES.txt"
    Push-Location $root
    try { $null = cargo xtask notices }
    finally { Pop-Location }
    if ($LASTEXITCODE -ne 0) { throw 'The licences of the linked crates are not known.' }
}
[IO.File]::Copy($NoticesPath, "$Stage/THIRD-PARTY-NOTICES.txt", $true)

$files = @([IO.Directory]::GetFiles($Stage, '*', 'AllDirectories') | ForEach-Object { [IO.Path]::GetRelativePath($Stage, $_).Replace('\', '/') } | Sort-Object)
$extensions = $files | ForEach-Object { [IO.Path]::GetExtension($_).TrimStart('.') } | Where-Object { $_ } | Sort-Object -Unique
$types = "<?xml version=`"1.0`" encoding=`"utf-8`"?>`n<Types xmlns=`"http://schemas.openxmlformats.org/package/2006/content-types`">" +
    "<Default Extension=`"rels`" ContentType=`"application/vnd.openxmlformats-package.relationships+xml`"/>" +
    "<Default Extension=`"nuspec`" ContentType=`"application/octet`"/>" +
    (($extensions | ForEach-Object { "<Default Extension=`"$_`" ContentType=`"application/octet`"/>" }) -join '') +
    (($files | Where-Object { -not [IO.Path]::GetExtension($_) } | ForEach-Object { "<Override PartName=`"/$_`" ContentType=`"application/octet`"/>" }) -join '') + '</Types>'
$relations = "<?xml version=`"1.0`" encoding=`"utf-8`"?>`n<Relationships xmlns=`"http://schemas.openxmlformats.org/package/2006/relationships`">" +
    "<Relationship Type=`"http://schemas.microsoft.com/packaging/2010/07/manifest`" Target=`"/$name.nuspec`" Id=`"R1`"/></Relationships>"

[IO.File]::Delete($package)
$stream = [IO.File]::Create($package)
$archive = [IO.Compression.ZipArchive]::new($stream, 'Create')
$utf8 = [Text.UTF8Encoding]::new($false)
Add-Entry $archive -Path '_rels/.rels' -Content $utf8.GetBytes($relations)
Add-Entry $archive -Path '[Content_Types].xml' -Content $utf8.GetBytes($types)
Add-Entry $archive -Path "$name.nuspec" -Content $utf8.GetBytes((Get-Nuspec))
foreach ($file in $files) { Add-Entry $archive -Path $file -Content ([IO.File]::ReadAllBytes("$Stage/$file")) }
$archive.Dispose()
$stream.Dispose()

[IO.File]::WriteAllLines("$OutputPath/SHA256SUMS", [string[]]@("$(Get-Sum $package)  $name.$version.nupkg"))
"Packed $package"
[IO.File]::ReadAllLines("$Stage/SYSTEMS.txt")
